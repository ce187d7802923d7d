"""The benchmark's third mode, in the real live window."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
from bench_schema import FIGURES, mode
from clipmaker import write_clip
from gated_engine import gated_pipeline

from polyplive.benchmark.values import BenchmarkSettings
from polyplive.config import LiveSettings, Settings
from polyplive.errors import InferenceError
from polyplive.gui import bench_display
from polyplive.gui.bench_display import run_display
from polyplive.session import open_source


def fail() -> None:
    raise InferenceError("no engine today")


def test_it_shows_the_source_at_its_rate_and_counts_after_the_warm_up(nothing_left: None, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", 50)
    told: list[int] = []
    asked = BenchmarkSettings(frames=40, runs=2)
    figures = run_display(
        lambda: open_source(clip), lambda: gated_pipeline(lambda: None), Settings(), asked, told.append
    )
    found = figures.figures()
    jsonschema.validate(found, mode(FIGURES, FIGURES))
    assert len(figures.video_delays) == 2 * 40
    assert len(found["fps_runs"]) == 2
    assert 0 < found["fps"]["mean"] < 1.3 * 25, "no faster than the clip"
    assert found["annotation_delay_ms"]["p50"] > 0
    assert found["stages_ms"]["infer"]["mean"] > 0
    assert told == sorted(told)
    assert not {"unfinished", "not shown: hidden"} & set(found["dropped"]), "the window's own end is no loss"


def test_an_engine_that_gives_nothing_is_one_clear_error(
    nothing_left: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_display, "_PATIENCE_S", 1.0)
    clip = write_clip(tmp_path / "clip.mp4", 50)
    settings = Settings(live=LiveSettings())
    with pytest.raises(InferenceError, match="no engine today"):
        run_display(lambda: open_source(clip), lambda: gated_pipeline(fail), settings, BenchmarkSettings(20, 1))
