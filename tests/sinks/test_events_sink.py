"""The events file: its lines, and what is left when writing ends badly."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from polyplive.config import PipelineSettings
from polyplive.errors import SinkError
from polyplive.pixels.picture import BgrPicture
from polyplive.sinks.base import FrameRecord, GovernorStep, Mark, SessionInfo
from polyplive.sinks.events import EventsSink
from polyplive.types import Detection, Frame, MapOrigin, Prediction, Roi, SourceInfo, StageTimes, Tally

SESSION = SessionInfo(
    SourceInfo('a ünusual "name".mp4', 96, 64, 25.0, 3, 0.12),
    "m",
    "ab" * 32,
    "openvino",
    "0.1.0",
    "2026-01-01T09:00:00+01:00",
    "float32",
    PipelineSettings(min_frames=3),
)


def record(index: int, polyps: int = 1) -> FrameRecord:
    frame = Frame(np.zeros((64, 96, 3), np.uint8), index, index / 25, 100.0 + index)
    contour = np.array([[1, 2], [30, 2], [30, 40]], np.int32)
    found = tuple(Detection(k + 1, 0.987654321, (1, 2, 30, 39), 600, contour) for k in range(polyps))
    zero = np.zeros((4, 4), np.float32)
    prediction = Prediction(index, Roi(0, 0, 96, 64), zero, None, 1.0, 0.5, found, 101.0)
    return FrameRecord(frame, prediction, None, StageTimes(1.0, 2.0, 3.14159265, 4.0, 0.0), None, 12.3456789)


def lines(path: Path) -> list[dict]:
    text = path.read_text(encoding="utf-8")
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def test_a_name_that_is_not_utf8_is_written_as_far_as_it_can_be(tmp_path: Path) -> None:
    sink = EventsSink(tmp_path / "events.jsonl")
    sink.open(dataclasses.replace(SESSION, source=dataclasses.replace(SESSION.source, name="cl\udcffip.mp4")))
    sink.close()
    assert lines(tmp_path / "events.jsonl")[0]["source"] == "cl?ip.mp4"


SESSION_LINE = {
    "type": "session",
    "schema": 6,
    "source": SESSION.source.name,
    "fps": 25.0,
    "width": 96,
    "height": 64,
    "sample_aspect": 1.0,
    "stereo": None,
    "stream": None,
    "deinterlaced": False,
    "live": False,
    "frames": 3,
    "model": "m",
    "model_sha256": "ab" * 32,
    "backend": "openvino",
    "precision": "float32",
    "cam_target": "mask",
    "pipeline": {
        "roi": None,
        "threshold": None,
        "min_area": 0.002,
        "min_frames": 3,
        "confirm_probability": None,
        "release_probability": 0.25,
        "one_field": True,
    },
    "version": "0.1.0",
    "started": "2026-01-01T09:00:00+01:00",
}


def test_every_line_as_the_format_says(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    sink = EventsSink(path)
    assert not sink.wants_composite
    sink.open(SESSION)
    sink.write(record(0))
    sink.write(record(1, polyps=0))
    sink.write(FrameRecord(record(2).frame, None, None, StageTimes(), 4.0, None))
    sink.end(Tally(4, 2, {"damaged": 1, "no engine": 1}), "end of file")
    sink.close()
    sink.close()
    session, first, second, end = lines(path)  # the frame without a result was not processed, and has no line
    assert session == SESSION_LINE
    assert first == {
        "type": "frame",
        "index": 0,
        "pts_s": 0.0,
        "captured_s": 100.0,
        "detections": [
            {
                "track": 1,
                "score": 0.9877,
                "bbox": [1, 2, 30, 39],
                "area_px": 600,
                "contour": [[1, 2], [30, 2], [30, 40]],
            }
        ],
        "delays_ms": {"video": None, "annotation": 12.346},
        "stages_ms": {"decode": 1.0, "preprocess": 2.0, "infer": 3.142, "postprocess": 4.0, "composite": 0.0},
        "heatmap_of": None,
        "with_map": False,
    }
    assert second["detections"] == []
    assert end == {
        "type": "end",
        "frames_read": 4,
        "repaired": 0,
        "frames_processed": 2,
        "dropped": {"damaged": 1, "no engine": 1},
        "reason": "end of file",
    }


def test_a_step_of_the_governor_has_a_line_and_a_result_says_of_which_frame_its_map_is(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    sink = EventsSink(path)
    sink.open(SESSION)
    sink.note(GovernorStep(12.3456789, "fast", "cd" * 32, 2, "Results came later than 120 ms: fast runs."))
    own = record(3)
    cam = np.ones((2, 2), np.float32)
    mapped = dataclasses.replace(own.prediction, cam=cam)
    kept = dataclasses.replace(mapped, index=4, cam_of=MapOrigin(3, mapped.roi, 103.0))
    sink.write(dataclasses.replace(own, prediction=mapped))
    sink.write(dataclasses.replace(record(4), prediction=kept))
    sink.close()
    _, step, first, second = lines(path)
    assert step == {
        "type": "governor",
        "at_s": 12.345679,
        "model": "fast",
        "model_sha256": "cd" * 32,
        "heatmap_every": 2,
        "reason": "Results came later than 120 ms: fast runs.",
    }
    assert (first["heatmap_of"], second["heatmap_of"]) == (3, 3)


def test_a_mark_has_a_line_and_is_held_once_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    sink = EventsSink(path)
    sink.open(SESSION)
    mark = Mark(3, 12.3456789, 24, 0.9600001, 'a "ünusual" fold\nand more')
    sink.note(mark)
    sink.note(Mark(4, 13.0, None, None))
    assert sink.marks == (mark, Mark(4, 13.0, None, None))
    sink.close()
    assert lines(path)[1:] == [
        {"type": "mark", "number": 3, "at_s": 12.345679, "index": 24, "pts_s": 0.96, "text": mark.text},
        {"type": "mark", "number": 4, "at_s": 13.0, "index": None, "pts_s": None, "text": ""},
    ]


def test_a_line_says_where_the_size_or_the_shape_of_pixels_changes(tmp_path: Path) -> None:
    """Coordinates after it are pixels of that size; also before a frame that has no result, and so no line."""
    path = tmp_path / "events.jsonl"
    sink = EventsSink(path)
    sink.open(SESSION)
    wide = {"picture": BgrPicture(np.zeros((32, 128, 3), np.uint8))}
    changes: list[dict] = [{}, wide, wide, {**wide, "sample_aspect": Fraction(64, 45)}, {}]
    for index, change in enumerate(changes):
        made = record(index)
        missed = {"prediction": None} if index == 1 else {}
        sink.write(dataclasses.replace(made, frame=dataclasses.replace(made.frame, **change), **missed))
    sink.close()
    _, *written = lines(path)
    kinds = [(line["type"], line["index"]) for line in written]
    expected = [("frame", 0), ("size", 1), ("frame", 2), ("size", 3), ("frame", 3), ("size", 4), ("frame", 4)]
    assert kinds == expected
    assert written[1] == {"type": "size", "index": 1, "pts_s": 0.04, "width": 128, "height": 32, "sample_aspect": 1.0}
    assert (written[3]["width"], written[3]["sample_aspect"]) == (128, 1.422222)
    assert (written[5]["width"], written[5]["height"], written[5]["sample_aspect"]) == (96, 64, 1.0)


def test_a_line_says_where_frames_are_processed_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    sink = EventsSink(path)
    sink.open(SESSION)
    roi = Roi(8, 0, 80, 64)
    kinds: list[dict] = [{}, {}, {"threshold": 0.4}, {"threshold": 0.4, "roi": roi}, {"run": 2, "run_began": 4}]
    for index, kind in enumerate(kinds):
        made = record(index)
        known = {"run": 1, "run_began": 0, "model_sha256": "cd" * 32, **kind}
        sink.write(dataclasses.replace(made, prediction=dataclasses.replace(made.prediction, **known)))
    sink.close()
    _, *written = lines(path)
    found = [line for line in written if line["type"] == "pipeline"]
    assert [line["index"] for line in found] == [0, 2, 3, 4]
    assert [line["type"] for line in written[:4]] == ["pipeline", "frame", "frame", "pipeline"]
    assert found[2] == {
        "type": "pipeline",
        "index": 3,
        "model_sha256": "cd" * 32,
        "threshold": 0.4,
        "roi": [8, 0, 80, 64],
        "run": 1,
        "run_began": 0,
    }
    assert (found[3]["run"], found[3]["run_began"], found[3]["threshold"]) == (2, 4, 0.5)


@pytest.mark.parametrize("place", ["no/such/folder/e.jsonl", "."])
def test_an_unwritable_path_is_one_clear_error(tmp_path: Path, place: str) -> None:
    sink = EventsSink(tmp_path / place)
    with pytest.raises(SinkError, match="Cannot write") as caught:
        sink.open(SESSION)
    assert caught.value.hint
    sink.close()


FULL = """
import resource, signal, sys
sys.path[:0] = [""]
from test_events_sink import SESSION, record
from polyplive.errors import SinkError
from polyplive.sinks.events import EventsSink
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
sink = EventsSink(sys.argv[1])
sink.open(SESSION)
try:
    for index in range(1000):
        sink.write(record(index))
except SinkError as error:
    sink.close()
    sys.exit(str(error))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_with_no_room_left_the_last_line_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "full.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, cwd=Path(__file__).parent, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("No room left to write")
    assert 4000 < path.stat().st_size <= 5000
    frames = [line["index"] for line in lines(path)[1:]]
    assert frames == list(range(len(frames)))
    assert len(frames) > 10


KILLED = """
import os, signal, sys
sys.path[:0] = [""]
from test_events_sink import SESSION, record
from polyplive.sinks.events import EventsSink
sink = EventsSink(sys.argv[1])
sink.open(SESSION)
for index in range(50):
    sink.write(record(index))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_killed_process_leaves_every_line(tmp_path: Path) -> None:
    path = tmp_path / "killed.jsonl"
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], cwd=Path(__file__).parent, check=False)
    assert done.returncode == -9
    assert [line["type"] for line in lines(path)] == ["session"] + ["frame"] * 50


@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_events_that_lost_their_place_are_no_success(tmp_path: Path, how: str) -> None:
    """Two sessions that write the same file: the first one's lines are gone, which has to be said."""
    path = tmp_path / "e.jsonl"
    first, second = EventsSink(path), EventsSink(path)
    first.open(SESSION)
    if how == "removed":
        path.unlink()
    else:
        second.open(SESSION)
    first.write(record(0))
    with pytest.raises(SinkError, match="removed or replaced"):
        first.end(Tally(1, 1, {}), "end of file")
    first.close()
    if how == "replaced":
        second.end(Tally(0, 0, {}), "end of file")
        second.close()
        assert [line["type"] for line in lines(path)] == ["session", "end"]
