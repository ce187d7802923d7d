"""What a report says of frames, gathered frame by frame, whether they come from a session or from its events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.review.coverage import Coverage
from polyplive.review.linking import Linker
from polyplive.review.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Iterable
    from fractions import Fraction

    from polyplive.review.findings import FrameFindings
    from polyplive.review.report_data import ReportData
    from polyplive.review.timeline import QualitySpan
    from polyplive.sinks.base import Mark
    from polyplive.types import Roi


class ReportFrames:
    """Fills ``data`` with what frames tell; one thread. It stores a few numbers a frame."""

    def __init__(self, data: ReportData) -> None:
        self._data = data
        self._linker = Linker(data.frame_s)
        self._coverage = Coverage(data.frame_s)

    def add(self, frame: FrameFindings, aspect: Fraction, processed: tuple[float, Roi] | None) -> None:
        """Take a frame with its sample aspect, processed with a threshold and a field of view (None: not known)."""
        data, size = self._data, (frame.width, frame.height, aspect)
        if not data.sizes or data.sizes[-1][1] != size:
            data.sizes.append((frame.time_s, size))
        data.frames += 1
        if processed is not None:
            threshold, roi = processed
            data.thresholds[threshold] += 1
            data.seen[roi] += 1
        data.marked += bool(frame.detections)
        data.scores.append((frame.time_s, max((one.score for one in frame.detections), default=None)))
        self._coverage.add(frame.time_s)
        self._linker.add(frame)

    def end(
        self, duration_s: float | None, marks: Iterable[Mark] = (), quality: Iterable[QualitySpan] = ()
    ) -> Timeline:
        """Set the timeline, of ``duration_s`` seconds or of as many as were processed; returns it."""
        analysed = self._coverage.spans()
        whole_s = max(duration_s or 0.0, analysed[-1][1] if analysed else 0.0)
        self._data.timeline = Timeline(whole_s, analysed, self._linker.tracks(), tuple(quality), tuple(marks))
        return self._data.timeline
