"""One value between two threads, of which only the newest counts."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

Value = TypeVar("Value")


class LatestSlot(Generic[Value]):
    """``put`` overwrites and counts the drop, ``take`` blocks, ``close`` wakes everyone. Nothing is polled.

    Any thread may call anything. A queue of one that refused the new value instead would hand on data twice as old.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._value: Value | None = None
        self._full = self._closed = False
        self._error: BaseException | None = None
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """How many values were overwritten before anyone took them."""
        with self._condition:
            return self._dropped

    def put(self, value: Value) -> None:
        """Offer ``value`` in place of whatever was not taken yet; after ``close`` it is ignored."""
        with self._condition:
            if self._closed:
                return
            self._dropped += self._full
            self._value, self._full = value, True
            self._condition.notify()

    def take(self, timeout: float | None = None) -> Value | None:
        """Wait for a value and take it; None when the slot was closed.

        Raises the error that the slot was closed with, if any, and ``TimeoutError`` after ``timeout`` seconds.
        """
        with self._condition:
            if not self._condition.wait_for(lambda: self._full or self._closed, timeout):
                raise TimeoutError(f"nothing came within {timeout} s")
            if self._error is not None:
                raise self._error
            value, self._value, self._full = self._value, None, False
            return value

    def close(self, error: BaseException | None = None) -> None:
        """Wake everyone who waits, now and later; the first error given is the one that they see."""
        with self._condition:
            if not self._closed:
                self._error = error
            self._closed, self._value, self._full = True, None, False
            self._condition.notify_all()
