"""The newest picture, for all clients that take it."""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Encoded:
    """A JPEG picture; ``number`` rises with every picture of a session, from 1."""

    number: int
    jpeg: bytes


class Pictures:
    """Holds the newest picture. One thread publishes, each client's thread takes; any thread may end it.

    A client that is slow misses pictures, and delays nobody.
    """

    def __init__(self, most: int) -> None:
        """``most`` clients may watch at once."""
        self._condition = threading.Condition()
        self._most = most
        self._newest: Encoded | None = None
        self._count = 0
        self._watching = 0
        self._ended = False

    @property
    def watching(self) -> int:
        """How many clients watch now."""
        with self._condition:
            return self._watching

    def join(self) -> bool:
        """Count one more client; False where there is room for no more, or no picture will come."""
        with self._condition:
            if self._watching >= self._most or self._ended:
                return False
            self._watching += 1
            self._newest = None if self._watching == 1 else self._newest  # of when somebody watched last
            self._condition.notify_all()
            return True

    def leave(self) -> None:
        """Count one client less."""
        with self._condition:
            self._watching -= 1

    def publish(self, jpeg: bytes) -> None:
        """Replace the newest picture; after ``end`` it does nothing."""
        with self._condition:
            if not self._ended:
                self._replace(jpeg)

    def take(self, after: int) -> Encoded | None:
        """Wait for a picture with a number above ``after``; None when none will come any more."""
        with self._condition:
            self._condition.wait_for(lambda: self._ended or (self._newest is not None and self._newest.number > after))
            return self._newest if self._newest is not None and self._newest.number > after else None

    def wait_watched(self) -> bool:
        """Wait until a client watches; False when it has ended."""
        with self._condition:
            self._condition.wait_for(lambda: self._watching or self._ended)
            return not self._ended

    def end(self, last: bytes | None = None) -> None:
        """Let nobody wait any more. Clients still get the newest picture, or ``last`` where it is given."""
        with self._condition:
            if last is not None and not self._ended:
                self._replace(last)
            self._ended = True
            self._condition.notify_all()

    def _replace(self, jpeg: bytes) -> None:
        self._count += 1
        self._newest = Encoded(self._count, jpeg)
        self._condition.notify_all()
