"""A clock that tests move by hand, so that what is measured with it is the same on every machine."""

from __future__ import annotations

import threading


class SteppedClock:
    """Stands for the module ``time`` in a module that is tested; for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now_s = 0.0

    def step(self, seconds: float) -> None:
        """Let so many seconds pass."""
        with self._lock:
            self._now_s += seconds

    def monotonic(self) -> float:
        """The seconds that passed so far."""
        return self._now_s

    perf_counter = monotonic
