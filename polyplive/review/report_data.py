"""The data of a session's report, collected frame by frame."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from polyplive.review.track_summary import TrackSummary
from polyplive.stats import Distribution, StageRecorder

if TYPE_CHECKING:
    from fractions import Fraction

    from polyplive.sinks.base import FrameRecord, Mark, SessionInfo
    from polyplive.types import Roi, Tally

LONGEST_STEP_S = 1.0
"""Seconds. A longer step between two frames is a gap in the video and not time in view."""


@dataclass(slots=True)
class ReportData:
    """Everything that a report shows. ``timeline`` has each frame's time in seconds and its highest score, or None.

    ``sizes`` has each size of the picture in order: the time of its first frame in seconds, then width and height in
    pixels and the sample aspect. ``seen`` counts the frames of each field of view, ``thresholds`` those of each
    threshold: a live session's may be moved. ``marks`` holds each mark of a person by its number.
    """

    session: SessionInfo
    tally: Tally | None = None
    reason: str = "closed before its end"
    frames: int = 0
    marked: int = 0
    in_view_s: float = 0.0
    timeline: list[tuple[float, float | None]] = field(default_factory=list)
    sizes: list[tuple[float, tuple[int, int, Fraction]]] = field(default_factory=list)
    seen: Counter[Roi] = field(default_factory=Counter)
    thresholds: Counter[float] = field(default_factory=Counter)
    marks: dict[int, Mark] = field(default_factory=dict)
    tracks: dict[int, TrackSummary] = field(default_factory=dict)
    stages: dict[str, Distribution] = field(default_factory=dict)
    annotation: Distribution | None = None

    @property
    def frame_s(self) -> float:
        """How long one frame of the source lasts, in seconds."""
        return 1 / (self.session.source.fps or 25.0)


class ReportCollector:
    """Collects ``ReportData``; one thread. It stores a few numbers a frame and one small picture a polyp."""

    def __init__(self, session: SessionInfo) -> None:
        self._data = ReportData(session)
        self._stages = StageRecorder()
        self._delays: list[float] = []

    @property
    def frames(self) -> int:
        """The number of processed frames so far."""
        return self._data.frames

    def add(self, record: FrameRecord) -> None:
        """Take one frame's results; a frame that was not processed is not counted."""
        if record.prediction is None:
            return
        data, detections = self._data, record.prediction.detections
        time_s = self._time_of(record)
        self._count_view(time_s - data.timeline[-1][0] if data.timeline else 0.0)
        size = record.frame.width, record.frame.height, record.frame.sample_aspect
        if not data.sizes or data.sizes[-1][1] != size:
            data.sizes.append((time_s, size))
        data.frames += 1
        data.seen[record.prediction.roi] += 1
        data.thresholds[record.prediction.threshold] += 1
        data.marked += bool(detections)
        data.timeline.append((time_s, max((item.score for item in detections), default=None)))
        for detection in detections:
            image = record.composite if record.composite is not None else record.frame.image
            number = detection.track
            track = data.tracks.setdefault(number, TrackSummary(number, time_s, time_s))
            track.add(detection, image, time_s, record.frame.sample_aspect)
        self._stages.add(record.stages)
        if record.annotation_delay_ms is not None:
            self._delays.append(record.annotation_delay_ms)

    def mark(self, mark: Mark) -> None:
        """Take what a person marked; of several with the same number the last one counts."""
        self._data.marks[mark.number] = mark

    def end(self, tally: Tally, reason: str) -> None:
        """Take the closing figures."""
        self._data.tally, self._data.reason = tally, reason

    def finish(self) -> ReportData:
        """Return the collected data; called once, at the end."""
        data = self._data
        self._count_view(data.frame_s)
        data.stages = self._stages.distributions()
        data.annotation = Distribution.of(self._delays)
        return data

    def _count_view(self, step_s: float) -> None:
        """Count ``step_s`` seconds, the duration of the newest frame, as time in view if it was marked."""
        data = self._data
        if data.timeline and data.timeline[-1][1] is not None:
            data.in_view_s += min(max(step_s, 0.0), LONGEST_STEP_S)

    def _time_of(self, record: FrameRecord) -> float:
        frame = record.frame
        return frame.pts_s if frame.pts_s is not None else frame.index * self._data.frame_s
