"""Percentiles and the collecting of stage times."""

from __future__ import annotations

import pytest

from polyplive.stats import STAGES, Distribution, StageRecorder
from polyplive.types import StageTimes


def test_percentiles_of_known_values() -> None:
    figures = Distribution.of([float(value) for value in range(101)])
    assert figures is not None
    assert (figures.mean, figures.p50, figures.p90, figures.p95, figures.p99, figures.max) == (50, 50, 90, 95, 99, 100)
    assert figures.p999 == pytest.approx(99.9)


def test_nothing_has_no_distribution() -> None:
    assert Distribution.of([]) is None
    assert StageRecorder().distributions() == {}


def test_stages_keep_their_own_values() -> None:
    recorder = StageRecorder()
    recorder.add(StageTimes(decode_ms=1, infer_ms=5))
    recorder.add(StageTimes(decode_ms=3, infer_ms=7))
    means = {stage: figures.mean for stage, figures in recorder.distributions().items()}
    assert means == {**dict.fromkeys(STAGES, 0.0), "decode": 2.0, "infer": 6.0}
