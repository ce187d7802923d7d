"""How fast frames are shown."""

from __future__ import annotations

import time
from collections import deque

_WINDOW_S = 2.0


class Rate:
    """Frames shown per second, over the last two seconds; one thread."""

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
