"""The benchmark's third mode, in the real live window."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest
from bench_schema import FIGURES, mode
from clipmaker import write_clip
from gated_engine import open_gated
from live_rig import PATIENT_MS
from stepped_clock import SteppedClock

from polyplive.benchmark.figures import BenchmarkSettings
from polyplive.config import LiveSettings, Settings
from polyplive.errors import InferenceError
from polyplive.gui import bench_display
from polyplive.gui.bench_display import run_display
from polyplive.sessions.opening import open_video
from polyplive.system.spans import DECODE, DRAW, INFER, ON_SCREEN, POSTPROCESS, PREPROCESS, READ

if TYPE_CHECKING:
    from polyplive.benchmark.passages import Passage


FPS = 60


def test_it_shows_the_source_at_its_rate_and_counts_after_the_warm_up(nothing_left: None, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", 50, fps=FPS)
    told: list[int] = []
    asked = BenchmarkSettings(frames=40, runs=2)
    patient = Settings(live=LiveSettings(PATIENT_MS, governor=False))
    figures = run_display(lambda: open_video(clip), open_gated(), patient, asked, told.append)
    found = figures.figures()
    jsonschema.validate(found, mode(FIGURES, FIGURES))
    assert len(figures.video_delays) == 2 * 40
    assert len(found["fps_runs"]) == 2
    assert 0 < found["fps"]["mean"] < 1.3 * FPS, "no faster than the clip"
    assert found["annotation_delay_ms"]["p50"] > 0
    assert found["stages_ms"]["infer"]["mean"] > 0
    assert told == sorted(told)
    lost = [found["dropped"].get(cause, 0) for cause in ("unfinished", "not shown: hidden")]
    assert lost == [0, 0], "the window's own end is no loss"
    assert len(figures.passages) == 2
    for passage in [each for run in figures.passages for each in run if each.is_annotated]:
        follow_each_other(passage)
    assert 0 < found["own_maps"]["count"] <= found["own_overlays"]["count"] <= found["own_overlays"]["of"]


def follow_each_other(passage: Passage) -> None:
    """What was measured in four threads makes one story, and each of its milliseconds has one cause."""
    stages = (DECODE, READ, PREPROCESS, INFER, POSTPROCESS, DRAW, ON_SCREEN)
    found = [passage.spans[stage] for stage in stages if stage in passage.spans]
    assert len(found) >= len(stages) - 1, "drawn before the window has its size, an overlay is drawn while painting"
    for before, after in itertools.pairwise(found):
        assert before.ended_s <= after.began_s
    causes = passage.causes_ms()
    assert min(causes.values()) > -1e-6
    delay_ms = (passage.spans[ON_SCREEN].ended_s - passage.spans[READ].began_s) * 1e3
    assert sum(causes.values()) - causes[DECODE] == pytest.approx(delay_ms)


def test_an_engine_that_gives_nothing_is_one_clear_error(
    nothing_left: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, calls = SteppedClock(), itertools.count(1)
    monkeypatch.setattr(bench_display, "time", clock)

    def fail() -> None:
        if next(calls) >= 3:  # the first failure has been told by now; again, until the watch has looked once before
            clock.step(2 * bench_display._PATIENCE_S)
        raise InferenceError("no engine today")

    clip = write_clip(tmp_path / "clip.mp4", 50)
    settings = Settings(live=LiveSettings(no_signal_s=60))
    with pytest.raises(InferenceError, match="no engine today"):
        run_display(lambda: open_video(clip), open_gated(fail), settings, BenchmarkSettings(20, 1))
