"""The timeline of a recording as its analysis proceeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.review.linking import Linker
from polyplive.review.quality.spans import QualitySpans
from polyplive.review.timeline import Timeline

if TYPE_CHECKING:
    from polyplive.review.analysis.joining import JoinedFrame
    from polyplive.types import SourceInfo


class TimelineBuilder:
    """Makes the timeline of a recording of frame after frame, in order; one thread."""

    def __init__(self, source: SourceInfo) -> None:
        self._frame_s = 1 / (source.fps or 25.0)
        self._duration_s = source.duration_s or 0.0
        self._linker = Linker(self._frame_s)
        self._quality = QualitySpans(self._frame_s)
        self._end_s = 0.0

    def add(self, joined: JoinedFrame) -> None:
        """Take the next frame."""
        time_s = joined.found.pts_s or 0.0
        self._end_s = time_s + self._frame_s
        if joined.flaws is not None:
            self._quality.add(time_s, joined.flaws)
        if (findings := joined.findings) is not None:
            self._linker.add(findings)

    def timeline(self) -> Timeline:
        """The timeline up to the last frame."""
        return Timeline(
            duration_s=max(self._duration_s, self._end_s),
            analysed=((0.0, self._end_s),) if self._end_s else (),
            tracks=self._linker.tracks(),
            quality=self._quality.spans(),
        )
