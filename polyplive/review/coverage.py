"""Which stretches of a recording were analysed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from polyplive.review.tracks import Span

LONGEST_STEP_S = 1.0
"""Seconds. A frame's result says nothing of what comes later than that."""

_JOINED_S = 0.5
"""Seconds. Over a longer step between two frames nothing was analysed; live, not every frame is."""


class Coverage:
    """Collects the times of processed frames; one thread. ``frame_s`` is how long a frame lasts, in seconds."""

    def __init__(self, frame_s: float) -> None:
        self._frame_s = frame_s
        self._spans: list[Span] = []

    def add(self, time_s: float) -> None:
        """Take a frame at ``time_s`` seconds of the video; frames may come again, and in any order."""
        end_s = time_s + self._frame_s
        if self._spans and self._spans[-1][0] <= time_s <= self._spans[-1][1] + _JOINED_S:
            self._spans[-1] = self._spans[-1][0], max(self._spans[-1][1], end_s)
        else:
            self._spans.append((time_s, end_s))

    def spans(self) -> tuple[Span, ...]:
        """The stretches, in order and without overlap."""
        joined: list[Span] = []
        for start_s, end_s in sorted(self._spans):
            if joined and start_s <= joined[-1][1]:
                joined[-1] = joined[-1][0], max(joined[-1][1], end_s)
            else:
                joined.append((start_s, end_s))
        return tuple(joined)
