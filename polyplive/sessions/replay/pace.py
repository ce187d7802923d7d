"""The clock of a replay: when a frame is due, and how many frames are shown per second."""

from __future__ import annotations

import time

from polyplive.sessions.rate import Rate

_TOO_LATE_S = 0.1
_LONGEST_GAP_S = 0.25
"""A frame that is too late is skipped, unless nothing was shown for so many seconds."""
_LONGEST_WAIT_S = 3.0


class Pace:
    """Ties the source's clock to this machine's; one thread. Speeds are multiples of the source's pace."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self._anchor: tuple[float, float] | None = None
        self._rate = Rate()

    @property
    def fps(self) -> float | None:
        """Frames shown per second, over the last two seconds."""
        return self._rate.fps

    def restart(self) -> None:
        """The next frame is due at once, and those after it count from there."""
        self._anchor = None
        self._rate.restart()

    def wait_for_source(self) -> None:
        """Nothing is left to show: the next frame is due when it comes, and those after it count from there."""
        self._anchor = None

    def due_in_s(self, pts_s: float) -> float:
        """Seconds until the frame is due; 0 when it is due now.

        At a gap in the recording, or a damaged time stamp, it does not wait: the clock restarts.
        """
        early_s = -self._lateness_s(pts_s)
        if early_s > _LONGEST_WAIT_S:
            self.restart()
            return 0.0
        return max(0.0, early_s)

    def is_too_late(self, pts_s: float) -> bool:
        """Whether the frame should be skipped, so that the frames after it are in time."""
        return self._lateness_s(pts_s) >= _TOO_LATE_S and self._rate.since_last_s < _LONGEST_GAP_S

    def shown(self, pts_s: float, *, forgive_s: float) -> None:
        """Note that a frame was shown.

        If it is later than ``forgive_s`` seconds, all later frames are delayed by as much.
        """
        if self._anchor is None or self._lateness_s(pts_s) > forgive_s:
            self._anchor = time.monotonic(), pts_s
        self._rate.tick()

    def _lateness_s(self, pts_s: float) -> float:
        """Seconds since the frame was due; negative while it is not yet."""
        if self._anchor is None:
            return 0.0
        shown_s, from_s = self._anchor
        return time.monotonic() - shown_s - (pts_s - from_s) / self.speed
