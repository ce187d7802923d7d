"""Messages to a thread that also has something to do at a certain time."""

from __future__ import annotations

import time
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

Message = TypeVar("Message")


class Inbox(Generic[Message]):
    """Any thread may ``post``. The other methods are for the thread that receives."""

    def __init__(self) -> None:
        self._messages: SimpleQueue[Message] = SimpleQueue()
        self._due_s: float | None = 0.0  # the first ``receive`` waits for nothing: there is something to begin with

    @property
    def is_empty(self) -> bool:
        """Whether no message waits."""
        return self._messages.empty()

    def post(self, message: Message) -> None:
        """Queue ``message``."""
        self._messages.put(message)

    def wake_in(self, seconds: float) -> None:
        """Let the next ``receive`` wait at most so long."""
        due_s = time.monotonic() + seconds
        self._due_s = due_s if self._due_s is None else min(self._due_s, due_s)

    def receive(self) -> Message | None:
        """The next message; None where it was time to wake before one came."""
        wait_s = None if self._due_s is None else max(0.0, self._due_s - time.monotonic())
        self._due_s = None
        try:
            return self._messages.get(timeout=wait_s)
        except Empty:
            return None
