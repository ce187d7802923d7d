"""When a frame is due, and how fast frames are shown."""

from __future__ import annotations

import time
from collections import deque

_WINDOW_S = 2.0


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


class Rate:
    """Frames shown a second over the last two seconds; one thread."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()

    def tick(self) -> None:
        """A frame was shown now."""
        now = time.monotonic()
        self._times.append(now)
        while now - self._times[0] > _WINDOW_S:
            self._times.popleft()

    def restart(self) -> None:
        """Forget the past: playback was interrupted."""
        self._times.clear()

    @property
    def since_last_s(self) -> float:
        """Seconds since a frame was shown; infinite before the first."""
        return time.monotonic() - self._times[-1] if self._times else float("inf")

    @property
    def fps(self) -> float | None:
        """None until two frames were shown."""
        if len(self._times) < 2:
            return None
        return (len(self._times) - 1) / max(self._times[-1] - self._times[0], 1e-6)
