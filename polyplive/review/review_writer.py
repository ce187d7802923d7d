"""Writes a review in a thread of its own, so that nobody waits for a slow disk."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.review.review_file import ReviewFile


class ReviewWriter:
    """Writes the newest state that it was given; ``put`` returns at once, any thread.

    A state that could not be written is written again with the next ``put``, and at ``close``.
    """

    def __init__(self, file: ReviewFile) -> None:
        self._file = file
        self._changed = threading.Condition()
        self._newest: Callable[[], bytes] | None = None
        self._failed: Callable[[], bytes] | None = None
        self._is_writing = self._is_closed = False
        self._thread: threading.Thread | None = None

    def put(self, make: Callable[[], bytes]) -> None:
        """Write what ``make`` returns, which is called in the writer's thread; an older state that waits is dropped."""
        with self._changed:
            self._newest, self._failed = make, None
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="polyplive-review", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def flush(self, timeout_s: float | None = None) -> bool:
        """Wait until all is written. False where it is not: it failed, or took longer than ``timeout_s`` seconds."""
        with self._changed:
            done = self._changed.wait_for(lambda: self._newest is None and not self._is_writing, timeout_s)
            return done and self._failed is None

    def close(self, timeout_s: float = 10.0) -> bool:
        """Write what is left, end the thread and let others write. False where something could not be written."""
        with self._changed:
            if self._failed is not None:
                self._newest, self._failed = self._failed, None
            self._is_closed = True
            self._changed.notify_all()
        is_written = self.flush(timeout_s)
        if self._thread is not None:
            self._thread.join(timeout_s)
        self._file.close()
        return is_written

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._newest is not None or self._is_closed)
                make, self._newest = self._newest, None
                self._is_writing = make is not None
            if make is None:
                return
            is_written = False
            try:
                is_written = self._file.write(make())
            finally:
                with self._changed:
                    self._is_writing = False
                    self._failed = None if is_written or self._newest is not None else make
                    self._changed.notify_all()
