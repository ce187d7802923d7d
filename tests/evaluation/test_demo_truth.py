"""The demo clip, its truth, and what the shipped model finds in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from polyplive.backends.factory import open_engine
from polyplive.cli import main
from polyplive.evaluation.demo_truth import TruthSink, demo_clip, demo_truth
from polyplive.pipeline.pipeline import Pipeline
from polyplive.sinks.base import FrameRecord
from polyplive.sources.file import FileSource
from polyplive.types import StageTimes


def test_clip_and_truth_belong_together() -> None:
    source, truth = FileSource(demo_clip()), demo_truth()
    assert (source.info.width, source.info.height) == (truth["width"], truth["height"])
    assert source.info.frames == truth["frames"] == len(truth["truth"])
    source.close()
    assert any(not polyps for polyps in truth["truth"])
    assert {polyp["kind"] for polyp in truth["polyps"]} == {"sessile", "pedunculated"}


def test_the_shipped_model_finds_the_rendered_polyps_and_leaves_the_rest() -> None:
    """Every fifth frame: most polyps are outlined in their place, most frames without one stay unmarked."""
    source, truth = FileSource(demo_clip()), TruthSink()
    with Pipeline(open_engine("polyplive-fast")) as pipeline:
        for index in range(0, source.info.frames or 0, 5):
            source.seek(index / 25 + 0.01)
            frame = source.read()
            assert frame is not None
            assert frame.index == index
            truth.write(FrameRecord(frame, pipeline.process(frame, cam=False), None, StageTimes()))
    source.close()
    assert truth.views > 20
    assert truth.found >= 0.7 * truth.views
    assert truth.empty_frames > 5
    assert truth.empty_frames_marked <= 0.25 * truth.empty_frames
    assert len(truth.summary()) == 2


@pytest.mark.heavy
def test_the_command_plays_it_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--headless", "--output", str(tmp_path / "out"), "--model", "polyplive-fast"]) == 0
    empty = sum(not polyps for polyps in demo_truth()["truth"])
    assert f" of {empty} (" in capsys.readouterr().out
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"overlay.mp4", "events.jsonl", "report.html"}
