"""The events file: its lines, and what is left when writing ends badly."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from polyplive.errors import SinkError
from polyplive.sinks.base import FrameRecord, SessionInfo
from polyplive.sinks.events import EventsSink
from polyplive.types import Detection, Frame, Prediction, Roi, SourceInfo, StageTimes, Tally

SESSION = SessionInfo(
    SourceInfo('a ünusual "name".mp4', 96, 64, 25.0, 3, 0.12),
    "m",
    "ab" * 32,
    "openvino",
    "0.1.0",
    "2026-01-01T09:00:00+01:00",
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
    assert session == {
        "type": "session",
        "schema": 1,
        "source": SESSION.source.name,
        "fps": 25.0,
        "width": 96,
        "height": 64,
        "frames": 3,
        "model": "m",
        "model_sha256": "ab" * 32,
        "backend": "openvino",
        "version": "0.1.0",
        "started": "2026-01-01T09:00:00+01:00",
    }
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
    }
    assert second["detections"] == []
    assert end == {
        "type": "end",
        "frames_read": 4,
        "frames_processed": 2,
        "dropped": {"damaged": 1, "no engine": 1},
        "reason": "end of file",
    }


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
