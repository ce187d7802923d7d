"""The thread that owns the source: it opens, reads, and opens again with a growing delay."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

from polyplive.failures import in_one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from polyplive.sources.base import LiveSource
    from polyplive.types import Frame, SourceInfo

FIRST_DELAY_S, LONGEST_DELAY_S = 0.25, 4.0


class CaptureHost(Protocol):
    """Whom the thread reports to, in its own thread; each answers False when the thread has been given up."""

    def source_opening(self, thread: CaptureThread) -> bool:
        """The source is about to be opened; that may take long."""
        ...

    def source_opened(self, thread: CaptureThread, info: SourceInfo, warnings: tuple[str, ...]) -> bool:
        """The source is open; ``warnings`` say which wishes it did not grant."""
        ...

    def frame_read(self, thread: CaptureThread, frame: Frame, lost: Mapping[str, int]) -> bool:
        """A frame came; ``lost`` are the source's own losses so far. Returns at once."""
        ...

    def source_failed(self, thread: CaptureThread, reason: str, next_try_s: float) -> bool:
        """The source could not be opened, or gives no more; it is tried again after ``next_try_s`` seconds."""
        ...


class CaptureThread(threading.Thread):
    """Reads until ``stop``. A read that never returns cannot be ended: the thread is then left, and ends after it."""

    def __init__(self, open_source: Callable[[], LiveSource], host: CaptureHost, first_wait_s: float = 0.0) -> None:
        super().__init__(name="polyplive-capture", daemon=True)
        self._open_source = open_source
        self._host = host
        self._first_wait_s = first_wait_s
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End after the read that is going on; any thread."""
        self._stopped.set()

    def run(self) -> None:
        """Open, read, and open again."""
        delay_s = FIRST_DELAY_S
        self._stopped.wait(self._first_wait_s)
        while not self._stopped.is_set():
            read, reason = self._read_all()
            delay_s = FIRST_DELAY_S if read else min(2 * delay_s, LONGEST_DELAY_S)
            if self._stopped.is_set() or not self._host.source_failed(self, reason, delay_s):
                return
            self._stopped.wait(delay_s)

    def _read_all(self) -> tuple[int, str]:
        """Read one opening of the source to its end; how many frames it gave, and why it ended."""
        read = 0
        if not self._host.source_opening(self):
            return 0, ""
        try:
            source = self._open_source()
        except Exception as error:
            return 0, in_one_line(error)
        try:
            wanted = self._host.source_opened(self, source.info, source.warnings)
            while wanted and not self._stopped.is_set():
                frame = source.read()
                if frame is None:
                    return read, "The source ended."
                read += 1
                wanted = self._host.frame_read(self, frame, source.dropped)
        except Exception as error:
            return read, in_one_line(error)
        finally:
            source.close()
        return read, ""
