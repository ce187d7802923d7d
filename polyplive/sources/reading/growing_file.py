"""A file that another program is still writing: who reads it waits at its end for more."""

from __future__ import annotations

import io
import os
import time
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LOOK_EVERY_S = 0.1
"""Seconds between two looks at a file that is waited for."""
_FAR_BYTES = 16 << 20
"""So far behind the end nobody reads on: an index is looked for where an unfinished header says that the end is."""


class Growth:
    """Whether a file still grows. One thread reads the file; any thread may ``interrupt`` it.

    The file ends once it has not grown for ``idle_s`` seconds at whose begin and end a reader waited for it. It also
    ends where it becomes shorter, is replaced by another, or cannot be read any more: ``problem`` says so.
    """

    def __init__(self, path: Path, idle_s: float) -> None:
        self._path = path
        self._idle_s = idle_s
        self._waits = True
        self._is_finished = False
        self._was_stopped = False
        self._news: SimpleQueue[None] = SimpleQueue()  # unlike an event, it may be used by a signal's handler
        self.has_ended = False
        """Whether no more is expected; then it stays so."""
        self.is_interrupted = False
        """Whether the file ends, for now, where it ends now."""
        self.problem = ""
        """What happened to the file where it did not just end, in words that follow its name."""
        self.ends_met = 0
        """How often a reader was told that the file ends."""
        self.size = 0
        """Bytes that were seen so far."""

    def interrupt(self) -> None:
        """End a wait at once, and do not wait until ``go_on``. Any thread, also in a signal's handler."""
        self.is_interrupted = True
        self._news.put(None)

    def finish(self) -> None:
        """Expect no more: the file ends where it ends then. Any thread, also in a signal's handler."""
        self._is_finished = True
        self._news.put(None)

    def go_on(self) -> None:
        """Wait again at the end from now on."""
        self.is_interrupted = False

    def raise_if_stopped(self) -> None:
        """Raise ``KeyboardInterrupt`` if Ctrl-C came while a reader waited."""
        if self._was_stopped:
            self._was_stopped = False
            raise KeyboardInterrupt

    def stop(self) -> None:
        """Interrupt because of Ctrl-C, which came in a call of FFmpeg and cannot be raised there."""
        self._was_stopped = True
        self.interrupt()

    @property
    def waits(self) -> bool:
        """Whether a reader waits at the end."""
        return self._waits and not self.has_ended and not self.is_interrupted

    @contextmanager
    def without_waiting(self) -> Iterator[None]:
        """Inside, the file ends where it ends now."""
        self._waits = False
        try:
            yield
        finally:
            self._waits = True

    def wait_beyond(self, place: int, opened: int) -> bool:
        """Wait until the file has bytes behind ``place``; False where it ends or ``place`` is far behind the end.

        ``opened`` is its descriptor.
        """
        since_s = time.monotonic()
        while True:
            is_finished = self._is_finished  # asked before the size: what was written until then counts
            size = self._look(opened)
            if size > place:
                return True
            if size > self.size:
                since_s = time.monotonic()
            self.size = max(self.size, size)
            idles = self.waits and time.monotonic() - since_s >= self._idle_s
            self.has_ended = self.has_ended or is_finished or idles or bool(self.problem)
            if not self.waits or place > size + _FAR_BYTES:
                self.ends_met += 1
                return False
            with suppress(Empty):
                self._news.get(timeout=_LOOK_EVERY_S)

    def _look(self, opened: int) -> int:
        """The size of the opened file; notes a ``problem``."""
        try:
            own = os.fstat(opened)
        except OSError:
            self.problem = "can no longer be read"
            return 0
        if own.st_size < self.size:
            self.problem = "became shorter"
        try:
            named = self._path.stat()
        except OSError:
            return own.st_size  # it was deleted or renamed; its writer may still go on
        if (named.st_dev, named.st_ino) != (own.st_dev, own.st_ino):
            self.problem = "was replaced by another file"
        return own.st_size


class GrowingFile(io.RawIOBase):
    """Reads a file that grows. One thread.

    While a reader would wait at its end, its size is not known, so that nothing is looked for there. Raises ``OSError``
    when it cannot be opened; later errors are the growth's ``problem``.
    """

    def __init__(self, path: Path, growth: Growth) -> None:
        self._file = path.open("rb", buffering=0)
        self._growth = growth

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def tell(self) -> int:
        """The position in bytes."""
        return self._file.tell()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a position, which may lie behind the end. Returns it; -1 where the end to count from is not known."""
        if whence == os.SEEK_END and self._growth.waits:
            return -1
        return self._file.seek(offset, whence)

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes, as soon as there are any; none only at the end."""
        growth = self._growth
        try:
            while True:
                data = self._file.read(size)
                place = self._file.tell()
                growth.size = max(growth.size, place if data else 0)
                if data or not growth.wait_beyond(place, self._file.fileno()):
                    return data or b""
        except OSError:
            growth.problem = "can no longer be read"
        except KeyboardInterrupt:
            growth.stop()
        growth.has_ended = growth.has_ended or bool(growth.problem)
        return b""

    def close(self) -> None:
        """Close the file; calling it again does nothing."""
        self._file.close()
        super().close()
