"""When a frame is due."""

from __future__ import annotations

import time


class Pace:
    """Ties the source's clock to this machine's; one thread. Speeds are multiples of the source's pace."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self._anchor: tuple[float, float] | None = None

    def restart(self) -> None:
        """The next frame is due at once, and those after it count from there."""
        self._anchor = None

    def lateness_s(self, pts_s: float) -> float:
        """Seconds since the frame was due; negative while it is not yet."""
        if self._anchor is None:
            return 0.0
        shown_s, from_s = self._anchor
        return time.monotonic() - shown_s - (pts_s - from_s) / self.speed

    def shown(self, pts_s: float, *, forgive_s: float) -> None:
        """Note that a frame was shown; one later than ``forgive_s`` moves all that follow by as much."""
        if self._anchor is None or self.lateness_s(pts_s) > forgive_s:
            self._anchor = time.monotonic(), pts_s
