"""A channel between threads that holds only the newest value."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Value = TypeVar("Value")


class LatestSlot(Generic[Value]):
    """``put`` overwrites the value and counts the drop, ``take`` blocks, ``close`` wakes all waiting threads.

    Any thread may call any method. A queue of length one would instead refuse the new value and pass on an older one.
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
        """Offer ``value``. Returns the value that it replaced, which nobody had taken, so that the caller can count it.

        After ``close`` it returns ``value`` itself.
        """
        with self._condition:
            if self._closed:
                return value
            replaced = self._value
            self._dropped += self._full
            self._value, self._full = value, True
            self._condition.notify()
            return replaced

    def take(self, timeout: float | None = None, on_taken: Callable[[Value], object] = lambda _: None) -> Value | None:
        """Wait for a value and take it; None when the slot was closed.

        ``on_taken`` notes the value before any other thread can see that the slot is empty; it must not wait.
        Raises the error given to ``close``, if any, and ``TimeoutError`` after ``timeout`` seconds.
        """
        with self._condition:
            if not self._condition.wait_for(lambda: self._full or self._closed, timeout):
                raise TimeoutError(f"nothing came within {timeout} s")
            if self._error is not None:
                raise self._error
            value, self._value, self._full = self._value, None, False
            if value is not None:
                on_taken(value)
            return value

    def take_now(self) -> Value | None:
        """Take the value if there is one, without waiting; None also after ``close``."""
        with self._condition:
            value, self._value, self._full = self._value, None, False
            return value

    def close(self, error: BaseException | None = None) -> Value | None:
        """Wake all waiting threads and let no thread wait from now on. Returns the value that nobody took.

        ``take`` raises the first ``error`` that was given.
        """
        with self._condition:
            left = self._value
            if not self._closed:
                self._error = error
            self._closed, self._value, self._full = True, None, False
            self._condition.notify_all()
            return left
