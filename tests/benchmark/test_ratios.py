"""Ratios of rates, and two benchmarks held against each other."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from polyplive.benchmark.against import (
    compare_documents,
    differences,
    load_document,
    run_ratio,
    sample_ratio,
)
from polyplive.errors import ConfigError


def document(rates: list[float], **changes: object) -> dict:
    return {
        "schema": 4,
        "backend": "openvino",
        "device": "CPU",
        "model": "m",
        "model_sha256": "0",
        "cam": True,
        "machine": {"processor": "P", "processors": 2},
        "source": {"width": 640, "height": 512},
        "modes": {"engine": {"fps_blocks": rates}},
    } | changes


def test_of_one_rate_sampled_twice_the_spread_covers_one() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        these, those = (list(50 + 5 * rng.standard_normal(40)) for _ in range(2))
        assert not sample_ratio(these, those).is_clear


def test_twice_the_rate_is_clear_and_has_its_ratio() -> None:
    rng = np.random.default_rng(1)
    ratio = sample_ratio(list(100 + rng.standard_normal(40)), list(50 + rng.standard_normal(40)))
    assert ratio.value == pytest.approx(2, abs=0.05)
    assert ratio.is_clear
    assert ratio.low < 2 < ratio.high


def test_what_slows_both_cancels_pair_by_pair() -> None:
    machine = np.array([1.0, 0.5, 0.9, 0.3, 1.0])
    ratio = run_ratio(list(30 * machine), list(60 * machine))
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx((0.5, 0.5, 0.5))
    apart = sample_ratio(list(30 * machine), list(60 * machine))
    assert apart.high - apart.low > 0.5


def test_only_modes_that_both_have_are_compared() -> None:
    new = document([10.0, 11.0])
    new["modes"]["display"] = {"fps_blocks": [25.0]}
    assert set(compare_documents(new, document([5.0, 5.5]))) == {"engine"}


def test_what_differs_is_said() -> None:
    assert differences(document([1.0]), document([1.0])) == []
    other = document([1.0], backend="torch", machine={"processor": "Q", "processors": 2})
    assert differences(document([1.0]), other) == ["backend: openvino, before torch", "machine processor: P, before Q"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "[]",
        "{}",
        "[" * 100000,
        '{"schema": 1, "modes": {}}',
        '{"schema": 4}',
        '{"schema": 4, "modes": {"engine": {}}}',
        '{"schema": 4, "modes": {"engine": {"fps_blocks": []}}}',
        '{"schema": 4, "modes": {"engine": {"fps_blocks": ["fast"]}}}',
        '{"schema": 4, "modes": {"engine": {"fps_blocks": [0]}}}',
    ],
)
def test_what_is_no_benchmark_is_one_clear_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "old.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"old\.json") as caught:
        load_document(path)
    assert "\n" not in str(caught.value)
    with pytest.raises(ConfigError, match=r"nowhere\.json"):
        load_document(tmp_path / "nowhere.json")


def test_what_was_saved_can_be_loaded(tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    path.write_text(json.dumps(document([3.0])))
    assert load_document(path)["modes"]["engine"]["fps_blocks"] == [3.0]
