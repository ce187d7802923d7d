"""Events files as a session writes them, of findings that a test places."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from polyplive.sinks.base import FrameRecord, SessionInfo
from polyplive.sinks.events import EventsSink
from polyplive.types import Detection, Frame, Prediction, Roi, SourceInfo, StageTimes, Tally

WIDTH, HEIGHT, FPS = 160, 128, 25.0

Placed = Mapping[int, tuple[int, int, int, int]]
"""What is found in a frame: the box (x, y, width, height) of an ellipse by the number that the events give it."""


def ellipse(box: tuple[int, int, int, int]) -> np.ndarray:
    """The contour of the ellipse that fills ``box``: int32 [N, 2]."""
    x, y, width, height = box
    inside = np.zeros((height + 2, width + 2), np.uint8)
    rows, columns = np.mgrid[:height, :width]
    round_ = ((columns - (width - 1) / 2) / (width / 2)) ** 2 + ((rows - (height - 1) / 2) / (height / 2)) ** 2 <= 1
    inside[1:-1, 1:-1] = round_
    outlines, _ = cv2.findContours(inside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return outlines[0][:, 0].astype(np.int32) + np.array([x - 1, y - 1], np.int32)


def detection(track: int, box: tuple[int, int, int, int], score: float) -> Detection:
    contour = ellipse(box)
    x, y, width, height = cv2.boundingRect(contour)
    return Detection(track, score, (x, y, width, height), int(cv2.contourArea(contour)), contour)


def write_events(
    path: Path,
    frames: Mapping[int, Placed],
    *,
    name: str = "procedure.mp4",
    sizes: Mapping[int, tuple[int, int]] | None = None,
    aspect: Fraction = Fraction(1),
    stereo: str | None = None,
    known: int | None = None,
    scores: Mapping[int, float] | None = None,
    ended: bool = True,
) -> Path:
    """Events of the frames in ``frames``, by index in the order given; ``sizes`` from the index on where it changes.

    ``scores`` are by the events' number, else 0.8. ``known`` is how many frames the source says to have.
    """
    source = SourceInfo(name, WIDTH, HEIGHT, FPS, known, None, sample_aspect=aspect, stereo=stereo)
    sink = EventsSink(path)
    sink.open(SessionInfo(source, "polyplive-fast", "ab" * 32, "openvino", "0.1.0", "2026-01-01T09:00:00+01:00"))
    width, height = WIDTH, HEIGHT
    zero = np.zeros((4, 4), np.float32)
    for index, placed in frames.items():
        width, height = (sizes or {}).get(index, (width, height))
        picture = Frame(np.zeros((height, width, 3), np.uint8), index, index / FPS, 100.0, sample_aspect=aspect)
        found = tuple(detection(track, box, (scores or {}).get(track, 0.8)) for track, box in placed.items())
        prediction = Prediction(index, Roi(0, 0, width, height), zero, None, 1.0, 0.5, found, 101.0)
        sink.write(FrameRecord(picture, prediction, None, StageTimes(), None, 20.0 + index % 10))
    if ended:
        sink.end(Tally(len(frames), len(frames), {}), "end of file")
    sink.close()
    return path
