"""The capture thread owns the source: it opens and reads it, and opens it again with a growing delay."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

from polyplive.errors import SourceLost
from polyplive.system.priority import raise_this_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from polyplive.sources.base import LiveSource
    from polyplive.types import Frame, SourceInfo

FIRST_DELAY_S, LONGEST_DELAY_S = 0.25, 4.0


class CaptureHost(Protocol):
    """The object that a capture thread calls, in that thread. Each call returns False when the thread is to end."""

    def source_opening(self, thread: CaptureThread) -> bool:
        """The source is about to be opened; that may take long."""
        ...

    def source_opened(self, thread: CaptureThread, info: SourceInfo, warnings: tuple[str, ...]) -> bool:
        """The source is open; ``warnings`` say which requested settings the device refused."""
        ...

    def source_told(self, thread: CaptureThread, info: SourceInfo) -> None:
        """A frame that is about to be passed on told more about the source than could be known at its opening."""
        ...

    def frame_read(self, thread: CaptureThread, frame: Frame, lost: Mapping[str, int]) -> bool:
        """A frame was read; ``lost`` counts the frames that the source has lost so far, by cause. Returns at once."""
        ...

    def source_failed(self, thread: CaptureThread, error: Exception, next_try_s: float) -> bool:
        """The source could not be opened or has ended. True: it is opened again after ``next_try_s`` seconds."""
        ...


class CaptureThread(threading.Thread):
    """Reads until ``stop``. A read that hangs cannot be interrupted: the session then abandons the thread."""

    def __init__(self, open_source: Callable[[], LiveSource], host: CaptureHost, first_wait_s: float = 0.0) -> None:
        super().__init__(name="polyplive-capture", daemon=True)
        self._open_source = open_source
        self._host = host
        self._first_wait_s = first_wait_s
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End after the current read; any thread."""
        self._stopped.set()

    def run(self) -> None:
        """Open, read, and open again."""
        raise_this_thread()  # a card that waits for us loses frames
        delay_s = FIRST_DELAY_S
        self._stopped.wait(self._first_wait_s)
        while not self._stopped.is_set():
            read, error = self._read_all()
            delay_s = FIRST_DELAY_S if read else min(2 * delay_s, LONGEST_DELAY_S)
            if error is None or self._stopped.is_set() or not self._host.source_failed(self, error, delay_s):
                return
            self._stopped.wait(delay_s)

    def _read_all(self) -> tuple[int, Exception | None]:
        """Open the source and read it to its end. Returns the number of frames, and why it ended (None: stopped)."""
        read = 0
        if not self._host.source_opening(self):
            return 0, None
        try:
            source = self._open_source()
        except Exception as error:
            return 0, error
        try:
            info = source.info
            wanted = self._host.source_opened(self, info, source.warnings)
            while wanted and not self._stopped.is_set():
                frame = source.read()
                if frame is None:
                    return read, SourceLost("The source ended")
                read += 1
                if source.info != info:
                    info = source.info
                    self._host.source_told(self, info)
                wanted = self._host.frame_read(self, frame, source.dropped)
        except Exception as error:
            return read, error
        finally:
            source.close()
        return read, None
