"""What a sink is given in tests: a session's head, and a frame's record."""

from __future__ import annotations

import numpy as np

from polyplive.sinks.base import FrameRecord, SessionInfo
from polyplive.types import Frame, SourceInfo, StageTimes


def session(width: int = 96, height: int = 64, fps: float | None = 25.0) -> SessionInfo:
    return SessionInfo(SourceInfo("clip", width, height, fps, None, None), "m", "0", "openvino", "0", "now")


def record(image: np.ndarray, index: int, pts_s: float | None) -> FrameRecord:
    return FrameRecord(Frame(np.zeros_like(image), index, pts_s, 0.0), None, image, StageTimes())
