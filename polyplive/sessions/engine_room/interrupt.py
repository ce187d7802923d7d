"""An event that wakes a thread which waits for a process."""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.connection
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


class Interrupt:
    """An event that can be waited for together with pipes; ``threading.Event`` cannot.

    Once set, it stays set. Any thread may ``set`` it. Its creator calls ``close`` when no thread waits any more.
    """

    def __init__(self) -> None:
        self._reader, self._writer = multiprocessing.Pipe(duplex=False)
        self._lock = threading.Lock()

    def set(self) -> None:
        """Wake everyone who waits, now and later."""
        with self._lock, contextlib.suppress(OSError):  # closed: nobody waits
            self._writer.send_bytes(b"!")

    @property
    def is_set(self) -> bool:
        """Whether it was set."""
        return self.wait(0)

    def wait(self, timeout_s: float) -> bool:
        """Wait until it is set, at most ``timeout_s`` seconds; whether it is."""
        return self.wait_with(None, timeout_s)[0]

    def wait_with(self, pipe: Connection[Any, Any] | None, timeout_s: float) -> tuple[bool, bool]:
        """Wait for this event, a message in ``pipe`` or its end.

        Returns whether it was set, and whether ``pipe`` is ready.
        """
        waited: list[Any] = [self._reader] if pipe is None else [self._reader, pipe]
        found = multiprocessing.connection.wait(waited, timeout_s)
        return self._reader in found, pipe is not None and pipe in found

    def close(self) -> None:
        """Close its own pipe."""
        with self._lock:
            self._reader.close()
            self._writer.close()
