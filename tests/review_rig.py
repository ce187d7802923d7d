"""A small recording with its events: a box is found in some of its frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from clipmaker import numbered, write_clip

from polyplive.sinks.base import FrameRecord, Mark, SessionInfo
from polyplive.sinks.events import EventsSink
from polyplive.sources.file import FileSource
from polyplive.types import Detection, Prediction, Roi, StageTimes, Tally

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


WIDTH, HEIGHT = 192, 160


def found_in(path: Path, found: Mapping[int, Mapping[int, float]], frames: int = 75) -> tuple[Path, Path]:
    """A numbered clip, and its events: ``found`` has the scores by track, by frame. A mark stands at frame 2."""
    pictures = (numbered(number, WIDTH, HEIGHT) for number in range(frames))
    video, events = write_clip(path / "clip.mp4", pictures), path / "clip.events.jsonl"
    source, sink = FileSource(video), EventsSink(events)
    sink.open(SessionInfo(source.info, "polyplive-fast", "ab" * 32, "openvino", "0.1.0", "2026-01-01T09:00:00+01:00"))
    while (frame := source.read()) is not None:
        boxes = tuple(_box(track, score) for track, score in found.get(frame.index, {}).items())
        nothing = np.zeros((4, 4), np.float32)
        roi = Roi(0, 0, WIDTH, HEIGHT)
        prediction = Prediction(frame.index, roi, nothing, None, 1.0, 0.5, boxes, 0.0)
        sink.write(FrameRecord(frame, prediction, None, StageTimes(1, 2, 3, 4, 5), None, 20.0 + frame.index % 2))
        if frame.index == 2:
            sink.note(Mark(1, 1.0, 2, 0.08, "caecum"))
    sink.end(Tally(frames, frames, {}), "end of file")
    sink.close()
    source.close()
    return video, events


def _box(track: int, score: float) -> Detection:
    """Each track in a place of its own, below the frame's number."""
    left = 4 + 60 * (track - 1)
    contour = np.array([[left, 110], [left + 20, 110], [left + 20, 130], [left, 130]], np.int32)
    return Detection(track, score, (left, 110, 21, 21), 441, contour)
