"""Analysis in the background, ended in every way and gone on with; and where analyses are kept."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import pytest
from clipmaker import write_clip
from colour_engine import ColourEngine
from piecewise import SETTINGS, joined, lines, planned, run_all, scene, whole
from processes import PATIENCE_S

from polyplive.backends.factory import open_engine
from polyplive.config import EngineOptions, PipelineSettings, Settings
from polyplive.evaluation.demo_truth import demo_clip
from polyplive.manifest import FAST
from polyplive.review.analysis.background import Analysis, AnalysisProgress, AnalysisState
from polyplive.review.analysis.cache import clean, folder_of
from polyplive.review.analysis.joining import unfinished_units
from polyplive.review.analysis.planning import plan
from polyplive.review.events_file import EventsFile
from polyplive.review.timeline import Timeline
from polyplive.sessions.opening import open_video

FRAMES, FIRST = 150, 100
TESTS = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    images = (scene(number) for number in range(FRAMES))
    return write_clip(
        tmp_path_factory.mktemp("clip") / "clip.mp4", images, options={"g": "25", "x264-params": "scenecut=0"}
    )


def analysis(clip: Path, root: Path, **parts: Any) -> Analysis:
    make = parts.pop("make", ColourEngine)
    settings = Settings(pipeline=SETTINGS)
    return Analysis(clip, settings, open_engine=lambda _: make(), root=root, piece_frames=FIRST, **parts)


def test_it_shows_what_it_has_piece_after_piece_and_is_stopped_and_gone_on_with(clip: Path, tmp_path: Path) -> None:
    first = analysis(clip, tmp_path, on_progress=lambda progress: progress.done > 120 and first.stop())
    first.start()
    assert first.join(PATIENCE_S)
    assert first.progress.state is AnalysisState.STOPPED
    assert first.events is None

    shown: list[Timeline] = []
    told: list[AnalysisProgress] = []
    second = analysis(clip, tmp_path, on_timeline=shown.append, on_progress=told.append)
    second.start()
    assert second.join(PATIENCE_S)
    assert told[-1] == second.progress == AnalysisProgress(AnalysisState.DONE, FRAMES, FRAMES)
    assert min(progress.done for progress in told) == shown_frames(shown[0]) == FIRST, "what was done is not done again"
    assert [timeline.coverage for timeline in shown] == [FIRST / FRAMES, 1.0]
    assert shown[-1].tracks
    assert shown[-1].quality
    assert second.events is not None
    assert lines(second.events) == lines(whole(clip, tmp_path / "whole.jsonl"))
    findings = [frame.detections for frame in EventsFile(second.events).frames()]
    assert sum(map(len, findings)) == sum(len(track.sightings) for track in shown[-1].tracks)


def shown_frames(timeline: Timeline) -> int:
    return round(timeline.analysed[-1][1] * 25)


def test_an_analysis_that_is_done_opens_at_once_and_is_not_run_again(clip: Path, tmp_path: Path) -> None:
    made = planned(clip, FIRST)
    run_all(made, folder_of(made.key, tmp_path))
    engine = ColourEngine()
    known = analysis(clip, tmp_path, make=lambda: engine)
    known.start()
    assert known.join(PATIENCE_S)
    assert known.progress.state is AnalysisState.DONE
    assert not engine.cams


def test_what_cannot_be_analysed_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"no video")
    failed = analysis(tmp_path / "clip.mp4", tmp_path / "kept")
    failed.start()
    assert failed.join(PATIENCE_S)
    assert failed.progress.state is AnalysisState.FAILED
    assert "holds no video" in failed.progress.message
    assert "\n" not in failed.progress.message


def test_killed_in_the_middle_of_a_piece_it_goes_on_with_that_piece(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", map(scene, range(60)), options={"g": "10", "x264-params": "scenecut=0"})
    folder = tmp_path / "pieces"
    command = [sys.executable, str(TESTS / "killed_analysis.py"), str(path), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=TESTS) as process:
        assert process.stdout is not None
        assert any(line.split()[0] == "2" for line in process.stdout), "it did not come so far"
        os.kill(process.pid, signal.SIGKILL)
    made = planned(path, 10)
    left = [unit.piece.number for unit in unfinished_units(made, folder)]
    assert left[-3:] == [3, 4, 5]
    assert left in ([2, 3, 4, 5], [3, 4, 5])
    done = {file: file.stat().st_mtime_ns for file in folder.glob("*.piece")}
    run_all(made, folder)
    assert joined(made, folder) == lines(whole(path, tmp_path / "whole.jsonl"))
    assert {file: file.stat().st_mtime_ns for file in done} == done, "what was there was not run again"


def test_the_shipped_model_gives_the_same_in_pieces_to_the_last_bit(tmp_path: Path) -> None:
    with open_video(demo_clip()) as video:
        frames = [cv2.resize(frame.image, (160, 128)) for frame in itertools.islice(video, 96, 108)]
    path = write_clip(tmp_path / "colon.mp4", frames, options={"g": "4", "x264-params": "scenecut=0"})
    options = EngineOptions(precision="float32", threads=1)
    engines = [open_engine(FAST, "openvino", options, is_parallel=True) for _ in range(2)]
    settings = PipelineSettings(threshold=0.2, confirm_probability=0.3)
    made = plan(path, engines[0].spec, settings, piece_frames=4)
    assert len(made.pieces) == 3
    run_all(made, tmp_path / "pieces", make=lambda: engines[0])
    unsplit = lines(whole(path, tmp_path / "whole.jsonl", settings, make=lambda: engines[1]))
    assert joined(made, tmp_path / "pieces") == unsplit
    assert any(line.get("detections") for line in unsplit)


def test_the_oldest_analyses_go_first_and_the_one_in_use_stays(tmp_path: Path) -> None:
    for number, name in enumerate(("oldest", "used", "newest")):
        folder = folder_of(name, tmp_path)
        (folder / "0.piece").write_bytes(bytes(1000))
        os.utime(folder, (number, number))
    clean(tmp_path, "used", most_bytes=2000)
    assert {entry.name for entry in tmp_path.iterdir()} == {"used", "newest"}
    clean(tmp_path, "used", most_bytes=10)
    assert {entry.name for entry in tmp_path.iterdir()} == {"used"}
    clean(tmp_path / "none")
