"""The benchmark's modes and its document: what is counted, and its schema."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from bench_schema import SCHEMA
from clipmaker import write_clip
from colour_engine import SIDE, ColourEngine, SpoiltEngine
from faulty_engines import faulty
from stepped_clock import SteppedClock

from polyplive.backends.base import Outputs
from polyplive.benchmark import modes
from polyplive.benchmark.against import run_ratio
from polyplive.benchmark.document import make_document
from polyplive.benchmark.figures import WARM_UP, BenchmarkSettings, ModeFigures, block_rates
from polyplive.benchmark.modes import run_modes
from polyplive.benchmark.process_cost import process_cost
from polyplive.errors import NotFinite
from polyplive.pipeline.pipeline import Pipeline
from polyplive.sessions.engine_room.process_engine import ProcessEngine
from polyplive.sources.file import FileSource
from polyplive.stats import STAGES

SETTINGS = BenchmarkSettings(frames=20, runs=2, cam=False)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, ColourEngine, list[int]]:
    path = tmp_path_factory.mktemp("bench") / "clip.mp4"
    write_clip(path, frames=15)
    engine, told = ColourEngine(), []
    source = FileSource(Path(path))
    with Pipeline(engine) as pipeline:
        figures, facts = run_modes(source, engine, pipeline, SETTINGS, told.append), pipeline.facts
    source.close()
    there = ProcessEngine(faulty())
    try:
        cost = process_cost(ColourEngine(), there, [np.zeros((1, SIDE, SIDE, 3), np.uint8)], 20)
    finally:
        there.close()
    document = make_document(facts, source.info, SETTINGS, figures, {"display": "not asked for"}, cost)
    return document, engine, told


def test_the_document_fits_its_schema(measured: tuple) -> None:
    jsonschema.validate(json.loads(json.dumps(measured[0])), SCHEMA)


def test_what_answers_no_numbers_has_no_speed(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    write_clip(path, frames=3)
    source, engine = FileSource(path), SpoiltEngine()
    with Pipeline(engine) as pipeline, pytest.raises(NotFinite, match="colour"):
        run_modes(source, engine, pipeline, SETTINGS)
    source.close()
    assert len(engine.cams) == WARM_UP + SETTINGS.frames, "the engine's own mode finds it, and no other is run"


def test_warm_up_is_run_and_not_counted(measured: tuple) -> None:
    found, engine, _ = measured
    assert len(engine.cams) == 2 * 2 * (20 + WARM_UP)
    assert found["warm_up"] == WARM_UP
    assert len(found["modes"]["headless"]["fps_runs"]) == 2
    assert len(found["modes"]["headless"]["fps_blocks"]) == 2 * 20


def test_stages_are_measured_and_the_gradient_is_off_when_told(measured: tuple) -> None:
    found, engine, _ = measured
    stages = found["modes"]["headless"]["stages_ms"]
    assert set(stages) == set(STAGES)
    assert all(stages[stage]["p50"] > 0 for stage in STAGES)
    assert set(found["modes"]["engine"]["stages_ms"]) == {"infer"}
    assert found["cam"] is False
    assert not any(engine.cams)


def test_the_end_to_end_rate_is_held_against_the_engines(measured: tuple) -> None:
    found = measured[0]
    runs = [found["modes"][name]["fps_runs"] for name in ("headless", "engine")]
    assert found["headless_share_of_engine"] == run_ratio(*runs).as_json()


def test_the_end_to_end_rate_counts_what_surrounds_the_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a clock that only the engine and the drawing move: it tells the same on every machine."""
    clock = SteppedClock()
    monkeypatch.setattr(modes, "time", clock)

    class Engine(ColourEngine):
        def infer(self, tensor, *, cam: bool = True) -> Outputs:
            clock.step(0.010)
            return super().infer(tensor, cam=cam)

    monkeypatch.setattr(modes, "compose", lambda *_: clock.step(0.005))
    engine = Engine()
    source = FileSource(write_clip(tmp_path / "clip.mp4", frames=15))
    with Pipeline(engine) as pipeline:
        found = run_modes(source, engine, pipeline, SETTINGS)
    source.close()
    assert found["engine"].rates == pytest.approx([100, 100])
    for rate in found["headless"].rates:  # up to two frames more or less are with the engine ahead of the drawing
        assert 20 / (20 * 0.015 + 2 * 0.010) - 1e-6 <= rate <= 20 / (20 * 0.015 - 2 * 0.010) + 1e-6


def test_progress_reaches_the_end(measured: tuple) -> None:
    assert measured[2] == [20, 40, 60, 80]


def test_the_rates_of_a_run_are_its_frames_over_its_time() -> None:
    figures = ModeFigures()
    ends = [10.0 + 0.1 * number for number in range(1, 101)]
    figures.annotation_delays = [1.0]
    figures.add_run(ends, 10.0)
    assert figures.rates == [pytest.approx(10)]
    assert len(figures.blocks) == 20
    assert figures.blocks == pytest.approx([10] * 20)
    found = figures.figures()
    assert found["fps"]["mean"] == 10
    assert found["video_delay_ms"] is None
    slow = block_rates([1.0, 2.0, 3.0, 13.0], 0.0)
    assert slow == pytest.approx([1, 1, 1, 0.1])
