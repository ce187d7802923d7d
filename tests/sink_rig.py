"""What a sink is given in tests: a session's head, and a frame's record."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np

from polyplive.sinks.base import FrameRecord, SessionInfo
from polyplive.types import Frame, SourceInfo, StageTimes


def session(width: int = 96, height: int = 64, fps: float | None = 25.0) -> SessionInfo:
    return SessionInfo(SourceInfo("clip", width, height, fps, None, None), "m", "0", "openvino", "0", "now")


def record(image: np.ndarray, index: int, pts_s: float | None) -> FrameRecord:
    return FrameRecord(Frame(np.zeros_like(image), index, pts_s, 0.0), None, image, StageTimes())


ENDLESS = """
import sys
from clipmaker import numbered
from sink_rig import record, session
from polyplive.sinks.video import VideoSink
sink = VideoSink(sys.argv[1], listed=sys.argv[2] == "listed")
sink.open(session())
index = 0
while True:
    sink.write(record(numbered(index % 4096), index, index / 25))
    index += 1
    if index == 200:
        print("enough", flush=True)
"""


def record_until_killed(path: Path, *, listed: bool) -> None:
    """A process records numbered pictures to ``path``, and is killed after 200 of them, in the middle of its work."""
    here = Path(__file__).parent
    code = f"import sys; sys.path[:0] = [{str(here)!r}]\n" + ENDLESS
    command = [sys.executable, "-c", code, str(path), "listed" if listed else "alone"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == b"enough"
        process.send_signal(signal.SIGKILL)
