"""The thread that checks the other threads and notices when one does not answer."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

INTERVAL_S = 0.1
_ASLEEP_S = 1.0


class Watchdog(threading.Thread):
    """Calls ``check`` with ``time.monotonic()`` ten times a second, until ``stop``."""

    def __init__(self, check: Callable[[float], None]) -> None:
        super().__init__(name="polyplive-watchdog", daemon=True)
        self._check = check
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End soon; any thread."""
        self._stopped.set()

    def run(self) -> None:
        """Check until stopped."""
        while not self._stopped.wait(INTERVAL_S):
            self._check(time.monotonic())


class SleepWatch:
    """Notices that the machine was suspended, from two clocks: one goes on during suspension, the other stops."""

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        self._clock = clock or _boot_clock()
        self._ahead_s = self._gain_s()

    def slept_s(self) -> float:
        """Seconds of suspension since the last call; 0 if there was none, or if the system does not tell."""
        before, self._ahead_s = self._ahead_s, self._gain_s()
        slept = self._ahead_s - before
        return slept if slept > _ASLEEP_S else 0.0

    def _gain_s(self) -> float:
        return self._clock() - time.monotonic()


def _boot_clock() -> Callable[[], float]:
    if not hasattr(time, "CLOCK_BOOTTIME"):
        return time.monotonic
    return lambda: time.clock_gettime(time.CLOCK_BOOTTIME)
