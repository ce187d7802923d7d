"""The index of a batch: whole in itself, light for ten thousand rows, and safe from what files are called."""

from __future__ import annotations

import csv
import io
import re

import pytest
from checked_page import CheckedPage, policy_hash

from polyplive.batch.result import Figures, Result
from polyplive.batch.table import COLUMNS, csv_text, parquet_bytes, table_rows
from polyplive.pages.batch import batch_page

ENDED = "2026-01-31T09:00:00+01:00"
FIGURES = Figures(1920, 1080, 25.0, 3600.5, 90_012, 90_000, {"damaged": 12}, 0, 4000, 20, 160.25, "ab" * 32)


def results(count: int, name: str = "video.mp4") -> dict[str, Result]:
    done = {
        f"video-{number:010x}": Result("done", name, figures=FIGURES, files=("events.jsonl", "report.html"))
        for number in range(count)
    }
    return {
        **done,
        "cut-0": Result("failed", "cut.mp4", "'cut.mp4' is empty"),
        "new-0": Result("unfinished", "new.mp4", "it is still being written"),
    }


def test_it_links_what_is_there_and_loads_nothing() -> None:
    page = batch_page(table_rows(results(2)), ENDED)
    read = CheckedPage(page)
    assert read.values("href")[:2] == ["video-0000000000/report.html", "video-0000000000/events.jsonl"]
    assert len(read.values("href")) == 4
    assert not re.search(r"https?:|url\(|@import|fetch|XMLHttp", page)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert f"script-src '{policy_hash(script)}'" in page
    assert read.texts.index("Failed") < read.texts.index("Still being written") < read.texts.index("Done")


def test_ten_thousand_recordings_are_a_few_megabytes() -> None:
    assert len(batch_page(table_rows(results(10_000)), ENDED)) < 5_000_000


def test_what_a_file_is_called_stays_text() -> None:
    page = batch_page(table_rows(results(1, "<script>alert(1)</script>\u202e.mp4")), ENDED)
    assert "<script>alert" not in page
    assert "\u202e" not in page


def test_tables_hold_every_column_as_others_read_it() -> None:
    rows = table_rows(results(1))
    read = list(csv.DictReader(io.StringIO(csv_text(rows))))
    assert list(read[0]) == list(COLUMNS)
    assert [row["status"] for row in read] == ["done", "failed", "unfinished"]
    assert (read[0]["frames_dropped"], read[0]["findings"], read[1]["findings"]) == ("12", "20", "")
    polars = pytest.importorskip("polars")
    table = polars.read_parquet(io.BytesIO(parquet_bytes(rows)))
    assert table.columns == list(COLUMNS)
    assert table["duration_s"].to_list() == [3600.5, None, None]
