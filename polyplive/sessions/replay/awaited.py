"""Reads a source that may make its reader wait, in a thread of its own."""

from __future__ import annotations

import threading
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.types import Frame

_SETTLE_S = 5.0


class AwaitedReads(threading.Thread):
    """Reads one frame for each ``ask``. Any other thread, but only one, calls its methods.

    ``on_come`` is called in this thread after each read.
    """

    def __init__(self, read: Callable[[], Frame | None], on_come: Callable[[], None]) -> None:
        super().__init__(name="polyplive-awaited-reads", daemon=True)
        self._read = read
        self._on_come = on_come
        self._asked: SimpleQueue[bool] = SimpleQueue()
        self._come: SimpleQueue[Frame | Exception | None] = SimpleQueue()
        self.is_reading = False
        """Whether a frame was asked for and not taken yet."""

    def run(self) -> None:
        """Read until ``end``."""
        while self._asked.get():
            came: Frame | Exception | None
            try:
                came = self._read()
            except Exception as error:
                came = error
            self._come.put(came)
            self._on_come()

    def ask(self) -> None:
        """Read the next frame, unless that is done already."""
        if not self.is_reading:
            self.is_reading = True
            self._asked.put(True)

    def take(self, timeout_s: float = 0.0) -> Frame | None:
        """The frame that was asked for, None at the end. Raises ``queue.Empty`` while it is awaited, and its errors."""
        came = self._come.get(timeout=timeout_s) if timeout_s else self._come.get_nowait()
        self.is_reading = False
        if isinstance(came, Exception):
            raise came
        return came

    def settle(self) -> bool:
        """Wait until nothing is read, and drop what was; False if the read does not end. Interrupt the source first."""
        if self.is_reading:
            try:
                self.take(_SETTLE_S)
            except Empty:
                return False
            except Exception:
                return True  # the source tells again
        return True

    def end(self) -> None:
        """End the thread; ``settle`` first."""
        self._asked.put(False)
        self.join()
