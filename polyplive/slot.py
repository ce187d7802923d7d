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

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits to be taken."""
        with self._condition:
            return not self._full

    def put(self, value: Value) -> Value | None:
        """Offer ``value``; gives what it replaced because nobody had taken it, for its owner to account for.

        After ``close`` nobody will take anything any more: ``value`` itself is given back.
        """
        with self._condition:
            if self._closed:
                return value
            replaced = self._value
            self._dropped += self._full
            self._value, self._full = value, True
            self._condition.notify()
            return replaced

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

    def take_now(self) -> Value | None:
        """Take the value if there is one, without waiting; None also after ``close``."""
        with self._condition:
            value, self._value, self._full = self._value, None, False
            return value

    def close(self, error: BaseException | None = None) -> Value | None:
        """Wake everyone who waits, now and later; the first error given is the one that they see.

        Gives the value that nobody took.
        """
        with self._condition:
            left = self._value
            if not self._closed:
                self._error = error
            self._closed, self._value, self._full = True, None, False
            self._condition.notify_all()
            return left
