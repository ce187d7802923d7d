"""The Parquet file, read by polars."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars
import pytest
from written_events import write_events

from polyplive.review.decisions import Verdict

from .conftest import FIRST, SECOND


def test_one_row_a_sighting(exported: Callable[..., Path]) -> None:
    table = polars.read_parquet(exported("parquet", verdicts=lambda _: {2: Verdict.ACCEPTED}))
    assert len(table) == len(FIRST) + len(SECOND)
    first = table.filter(polars.col("track") == 1)
    assert dict(zip(first["frame"], first.select("x", "y", "width", "height").rows(), strict=True)) == FIRST
    assert first["time_s"].to_list() == pytest.approx([index / 25 for index in FIRST])
    assert set(table.filter(polars.col("track") == 2)["verdict"]) == {"accepted"}
    assert set(table["model_sha256"]) == {"ab" * 32}


def test_of_no_finding_the_columns_are_there_with_their_types(exported: Callable[..., Path], tmp_path: Path) -> None:
    full = polars.read_parquet(exported("parquet"))
    empty = polars.read_parquet(exported("parquet", write_events(tmp_path / "events.jsonl", {0: {}})))
    assert len(empty) == 0
    assert empty.schema == full.schema
