"""A report of a replay as one HTML file: what it collects while frames go by."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import cv2

from polyplive.sinks.failures import sink_error
from polyplive.sinks.report_page import page
from polyplive.stats import Distribution, StageRecorder

if TYPE_CHECKING:
    from polyplive.sinks.base import FrameRecord, SessionInfo, SessionNote
    from polyplive.types import Detection, Image, Tally

_THUMBNAIL_WIDTH = 480
_LONGEST_STEP_S = 1.0
"""A longer step between two frames is a gap in the video; it does not count as time in view."""


@dataclass(slots=True)
class TrackSummary:
    """One polyp over the session; times in seconds of the video. ``picture`` is a small composite (BGR)."""

    number: int
    first_s: float
    last_s: float
    frames: int = 0
    best_score: float = -1.0
    best_s: float = 0.0
    largest_px: int = 0
    picture: Image | None = None


@dataclass(slots=True)
class ReportData:
    """Everything that the page shows. ``timeline`` has each frame's time in seconds and its highest score, or None."""

    session: SessionInfo
    tally: Tally | None = None
    reason: str = "closed before its end"
    frames: int = 0
    marked: int = 0
    in_view_s: float = 0.0
    timeline: list[tuple[float, float | None]] = field(default_factory=list)
    tracks: dict[int, TrackSummary] = field(default_factory=dict)
    stages: dict[str, Distribution] = field(default_factory=dict)
    annotation: Distribution | None = None


class ReportSink:
    """Writes the report when the session ends; no thread of its own.

    The page grows in a file beside ``path`` and takes its place when it is whole, so that there is never half a
    report. Memory: a few numbers a frame, one small picture a polyp.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._partial = self._path.with_name(f".{self._path.name[:40]}.{os.getpid()}.part")
        self._data: ReportData | None = None
        self._stages = StageRecorder()
        self._delays: list[float] = []

    @property
    def wants_composite(self) -> bool:
        """True: the report shows each polyp once."""
        return True

    def open(self, session: SessionInfo) -> None:
        """Make sure that the report can be written. Raises ``SinkError``."""
        try:
            if self._path.is_dir():
                raise IsADirectoryError
            with self._partial.open("wb"):
                pass
        except (OSError, ValueError) as error:
            raise sink_error(self._path, error) from None
        self._data = ReportData(session)

    def write(self, record: FrameRecord) -> None:
        """Take one processed frame's figures."""
        data = self._data
        if data is None or record.prediction is None:
            return
        detections = record.prediction.detections
        time_s = self._time_of(record)
        if data.timeline and data.timeline[-1][1] is not None:
            data.in_view_s += min(max(time_s - data.timeline[-1][0], 0.0), _LONGEST_STEP_S)
        data.frames += 1
        data.marked += bool(detections)
        data.timeline.append((time_s, max((item.score for item in detections), default=None)))
        for detection in detections:
            self._follow(detection, record, time_s)
        self._stages.add(record.stages)
        if record.annotation_delay_ms is not None:
            self._delays.append(record.annotation_delay_ms)

    def note(self, note: SessionNote) -> None:
        """Nothing: the report is about polyps."""

    def end(self, tally: Tally, reason: str) -> None:
        """Write the page. Raises ``SinkError``."""
        if self._data is not None:
            self._data.tally, self._data.reason = tally, reason
            self._write_page()

    def close(self) -> None:
        """Write the page if frames came and no end did. Raises ``SinkError``."""
        if self._data is not None and self._data.frames:
            self._write_page()
        elif self._data is not None:
            self._data = None
            self._partial.unlink(missing_ok=True)

    def _time_of(self, record: FrameRecord) -> float:
        frame = record.frame
        if frame.pts_s is not None:
            return frame.pts_s
        assert self._data is not None
        return frame.index / (self._data.session.source.fps or 25.0)

    def _follow(self, detection: Detection, record: FrameRecord, time_s: float) -> None:
        assert self._data is not None
        number = detection.track
        track = self._data.tracks.setdefault(number, TrackSummary(number, time_s, time_s))
        track.last_s = time_s
        track.frames += 1
        track.largest_px = max(track.largest_px, detection.area_px)
        if detection.score > track.best_score:
            track.best_score, track.best_s = detection.score, time_s
            track.picture = _small(record.composite if record.composite is not None else record.frame.image)

    def _write_page(self) -> None:
        data, self._data = self._data, None
        assert data is not None
        if data.timeline and data.timeline[-1][1] is not None:
            data.in_view_s += 1 / (data.session.source.fps or 25.0)
        data.stages = self._stages.distributions()
        data.annotation = Distribution.of(self._delays)
        try:
            self._partial.write_bytes(page(data).encode(errors="replace"))  # a file's name need not be UTF-8
            self._partial.replace(self._path)
        except OSError as error:
            with contextlib.suppress(OSError):
                self._partial.unlink(missing_ok=True)
            raise sink_error(self._path, error) from None


def _small(image: Image) -> Image:
    """A copy of at most the thumbnail's width."""
    height, width = image.shape[:2]
    if width <= _THUMBNAIL_WIDTH:
        return image.copy()
    size = (_THUMBNAIL_WIDTH, max(1, round(height * _THUMBNAIL_WIDTH / width)))
    small: Image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return small
