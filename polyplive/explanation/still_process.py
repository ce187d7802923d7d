"""Explains a frame in a process of its own, so that a window waits for nothing and outlives a runtime that crashes."""

from __future__ import annotations

import contextlib
import multiprocessing
import subprocess
import threading
from typing import TYPE_CHECKING, Any

from polyplive.errors import EngineCrashed, PolypliveError, text_of
from polyplive.explanation.still import Still
from polyplive.sessions.engine_room.messages import Failed, Line
from polyplive.system.child_process import end_in_words, start_python

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    from polyplive.explanation.still import News, StillRequest
    from polyplive.explanation.still_engine import StillModel

_CHILD = "polyplive.explanation.still_child"
_ENDING_S = 10.0


class StillProcess(threading.Thread):
    """Runs one explanation. ``on_news`` is called in its thread when there is news; ``take`` gives them, in any thread.

    ``start`` returns at once, and so does ``stop``, which ends the process. ``failure`` is what went wrong, ``lines``
    what the user should know.
    """

    def __init__(self, request: StillRequest, model: StillModel, on_news: Callable[[], None]) -> None:
        super().__init__(name="polyplive-still", daemon=True)
        self.failure: PolypliveError | None = None
        self.is_over = False
        self.lines: tuple[str, ...] = ()
        self._request, self._model, self._on_news = request, model, on_news
        self._lock = threading.Lock()
        self._news: list[News] = []
        self._is_stopped = False
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process_id(self) -> int | None:
        """The id of the process; None before it is started."""
        return self._process.pid if self._process is not None else None

    def new_still(self) -> Still:
        """What is known before the first news."""
        return Still(len(self._request.targets))

    def take(self) -> list[News]:
        """The news since the last call."""
        with self._lock:
            news, self._news = self._news, []
        return news

    def stop(self) -> None:
        """End it; nothing is told any more."""
        with self._lock:
            self._is_stopped = True
            if self._process is not None:
                self._process.kill()

    def run(self) -> None:
        """Start the process, and collect what it sends."""
        try:
            self._run()
        except PolypliveError as error:
            self.failure = error
        self.is_over = True
        self._tell()

    def _run(self) -> None:
        ours, theirs = multiprocessing.Pipe()
        their_lifeline, our_lifeline = multiprocessing.Pipe(duplex=False)
        with ours, our_lifeline:
            with theirs, their_lifeline, self._lock:
                if self._is_stopped:
                    return
                handles = [theirs.fileno(), their_lifeline.fileno()]
                try:
                    self._process = start_python(_CHILD, [*map(str, handles)], handles)
                except OSError as error:
                    raise EngineCrashed(
                        f"The process that explains cannot be started: {text_of(error)}", "Close other programs."
                    ) from None
            try:
                self._collect(ours)
            finally:
                self._end()

    def _collect(self, pipe: Connection[Any, Any]) -> None:
        try:
            pipe.send((self._request, self._model))
            while (message := pipe.recv()) is not None:
                if isinstance(message, Failed):
                    raise message.as_error()
                if isinstance(message, Line):
                    self.lines += (message.text,)
                else:
                    with self._lock:
                        self._news.append(message)
                self._tell()
        except (EOFError, OSError):
            if not self._is_stopped:
                raise EngineCrashed(f"The process that explains ended: {self._how_it_ended()}", "Try again.") from None

    def _how_it_ended(self) -> str:
        assert self._process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            return end_in_words(self._process.wait(_ENDING_S))
        return "it closed its pipe"

    def _end(self) -> None:
        assert self._process is not None
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_ENDING_S)

    def _tell(self) -> None:
        if not self._is_stopped:
            self._on_news()
