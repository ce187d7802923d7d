"""The benchmark's document: what is counted, and its schema."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from clipmaker import write_clip
from colour_engine import ColourEngine

from polyplive.benchmark import WARM_UP, BenchmarkSettings, benchmark
from polyplive.pipeline import Pipeline
from polyplive.sources.file import FileSource
from polyplive.stats import STAGES

NUMBER = {"type": "number", "minimum": 0}
FIGURES = {
    "type": "object",
    "properties": dict.fromkeys(("mean", "p50", "p90", "p95", "p99", "p999", "max"), NUMBER),
    "required": ["mean", "p50", "p90", "p95", "p99", "p999", "max"],
    "additionalProperties": False,
}
MODE = {
    "type": "object",
    "properties": {
        "fps": FIGURES,
        "fps_runs": {"type": "array", "items": NUMBER, "minItems": 1},
        "video_delay_ms": {"anyOf": [FIGURES, {"type": "null"}]},
        "annotation_delay_ms": FIGURES,
        "stages_ms": {"type": "object", "additionalProperties": FIGURES},
    },
    "required": ["fps", "video_delay_ms", "annotation_delay_ms", "stages_ms"],
}
SCHEMA = {
    "type": "object",
    "properties": {
        "schema": {"const": 1},
        "machine": {"type": "object", "required": ["processor", "processors"]},
        "model_sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "source": {"type": "object", "required": ["name", "width", "height"]},
        "modes": {
            "type": "object",
            "properties": {"engine": MODE, "headless": MODE},
            "required": ["engine", "headless"],
        },
        "dropped": {"type": "object", "additionalProperties": {"type": "integer"}},
    },
    "required": ["schema", "machine", "backend", "model", "model_sha256", "source", "runs", "modes", "dropped"],
}


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, ColourEngine, list[int]]:
    path = tmp_path_factory.mktemp("bench") / "clip.mp4"
    write_clip(path, frames=15)
    engine, told = ColourEngine(), []
    source = FileSource(Path(path))
    with Pipeline(engine) as pipeline:
        found = benchmark(source, pipeline, BenchmarkSettings(frames=20, runs=2, cam=False), told.append)
    source.close()
    return found, engine, told


def test_the_document_fits_its_schema(document: tuple) -> None:
    jsonschema.validate(json.loads(json.dumps(document[0])), SCHEMA)


def test_warm_up_is_run_and_not_counted(document: tuple) -> None:
    found, engine, _ = document
    assert len(engine.cams) == 2 * 2 * (20 + WARM_UP)
    assert found["warm_up"] == WARM_UP
    assert len(found["modes"]["headless"]["fps_runs"]) == 2


def test_stages_are_measured_and_the_gradient_is_off_when_told(document: tuple) -> None:
    found, engine, _ = document
    stages = found["modes"]["headless"]["stages_ms"]
    assert set(stages) == set(STAGES)
    assert all(stages[stage]["p50"] > 0 for stage in STAGES)
    assert found["cam"] is False
    assert not any(engine.cams)


def test_progress_reaches_the_end(document: tuple) -> None:
    assert document[2] == [20, 40, 60, 80]
