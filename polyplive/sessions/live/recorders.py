"""All recorders of a live session as one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from polyplive.sessions.recorder.thread import wait_until_written

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polyplive.sessions.recorder.messages import RecorderMessage, SessionEnd
    from polyplive.sessions.recorder.thread import RecorderThread


class Recorders:
    """Passes everything on to each recorder's thread; no method waits for one but ``finish``."""

    def __init__(self, threads: Sequence[RecorderThread]) -> None:
        self.threads = tuple(threads)

    def start(self) -> None:
        """Start their threads."""
        for thread in self.threads:
            thread.start()

    def offer(self, item: RecorderMessage) -> None:
        """Offer it to each, without waiting; any thread."""
        for thread in self.threads:
            thread.offer(item)

    @property
    def notices(self) -> tuple[str, ...]:
        """One line for each problem so far."""
        return tuple(line for thread in self.threads for line in thread.notices)

    def finish(self, end: SessionEnd, deadline_s: float, on_waiting: Callable[[int], None]) -> None:
        """Record the end, and wait as long as they still write: see ``wait_until_written``."""
        for thread in self.threads:
            thread.finish(end)
        soon_s = max(deadline_s, time.monotonic() + 1.0)
        wait_until_written(self.threads, self._waiting, on_waiting, soon_s)

    def _waiting(self) -> int:
        return max((thread.waiting for thread in self.threads), default=0)
