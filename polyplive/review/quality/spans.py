"""Joins the flaws of single frames to stretches of video: short ones are left out, short breaks bridged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.review.timeline import Quality, QualitySpan

if TYPE_CHECKING:
    from collections.abc import Collection

SHORTEST_S = 0.5
"""Seconds. A flaw that lasts less is not told; a break that lasts less does not end one."""


class QualitySpans:
    """Takes the flaws of frame after frame, in order; one thread. ``frame_s`` is how long a frame lasts, in seconds."""

    def __init__(self, frame_s: float) -> None:
        self._frame_s = frame_s
        self._open: dict[Quality, QualitySpan] = {}
        self._closed: list[QualitySpan] = []

    def add(self, time_s: float, flaws: Collection[Quality]) -> None:
        """Take a frame at ``time_s`` seconds of the video; not every frame has to come."""
        for quality, span in list(self._open.items()):
            if time_s - span.end_s >= SHORTEST_S:
                self._close(quality)
        for quality in Quality:
            if quality in flaws:
                begun = self._open.get(quality)
                start_s = begun.start_s if begun is not None else time_s
                self._open[quality] = QualitySpan(quality, start_s, time_s + self._frame_s)

    def spans(self) -> tuple[QualitySpan, ...]:
        """The stretches so far, by their beginning; it may be called at any time, and again."""
        found = [*self._closed, *(span for span in self._open.values() if _lasts(span))]
        return tuple(sorted(found, key=lambda span: (span.start_s, span.quality.value)))

    def _close(self, quality: Quality) -> None:
        span = self._open.pop(quality)
        if _lasts(span):
            self._closed.append(span)


def _lasts(span: QualitySpan) -> bool:
    return span.end_s - span.start_s >= SHORTEST_S
