"""One engine in a process of its own, which runs when it is told: thread pools of two runtimes hinder each other."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import time
from typing import TYPE_CHECKING, Any

from polyplive import errors
from polyplive.backends.checks import check_numbers
from polyplive.backends.factory import open_engine
from polyplive.errors import InferenceError, PolypliveError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.connection import Connection

    import numpy as np
    from numpy.typing import NDArray

    from polyplive.backends.base import Engine, EngineSpec
    from polyplive.benchmark.contender import Contender

_SETTLING = 2
"""Frames at the start of every turn that count for nothing: until then another engine had the machine."""
_PATIENCE_S = 5.0


class Racer:
    """``contender``'s engine, opened in a new process; that process ends with ``close()`` and with this one.

    ``notify`` gets the lines that opening says. One thread at a time. Raises what opening raises, and
    ``InferenceError`` where the process ends by itself.
    """

    spec: EngineSpec

    def __init__(self, contender: Contender, notify: Callable[[str], None] = lambda _: None) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would take over threads and GPU contexts half-way
        self._name = contender.name
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_run, args=(theirs, contender), daemon=True)
        self._process.start()
        theirs.close()
        try:
            self.spec = self._answer(notify)
        except BaseException:
            self.close()
            raise

    @property
    def process_id(self) -> int | None:
        """Of the process that runs the engine."""
        return self._process.pid

    def load(self, pictures: Sequence[NDArray[np.uint8]]) -> None:
        """Take the pictures that turns run over, each uint8 [1, H, W, 3] RGB."""
        self._ask(list(pictures))

    def turn(self, frames: int) -> list[float]:
        """Run ``frames`` frames; gives the seconds that each took."""
        taken: list[float] = self._ask(frames)
        return taken

    def close(self) -> None:
        """End the process; calling it again does nothing."""
        self._pipe.close()  # which it takes for the end
        self._process.join(_PATIENCE_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def _ask(self, request: Any) -> Any:
        with contextlib.suppress(OSError):  # it is gone: the answer says so
            self._pipe.send(request)
        return self._answer(lambda _: None)

    def _answer(self, notify: Callable[[str], None]) -> Any:
        while True:
            try:
                kind, value = self._pipe.recv()
            except (EOFError, OSError):
                self._process.join(_PATIENCE_S)
                raise InferenceError(
                    f"The process that ran {self._name} ended by itself (exit code {self._process.exitcode})",
                    "Leave that one out, or run it alone to see why.",
                ) from None
            if kind == "line":
                notify(value)
            elif kind == "error":
                name, message, hint = value
                raise getattr(errors, name)(message, hint)
            else:
                return value


def _run(pipe: Connection, contender: Contender) -> None:
    """The process: open the engine, then answer until the other side is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to every process; the first one ends the others
    with contextlib.suppress(EOFError, ConnectionError):  # nobody listens any more
        try:
            engine = open_engine(
                contender.model, contender.backend, contender.options, lambda line: pipe.send(("line", line))
            )
            try:
                pipe.send(("done", engine.spec))
                _answer_all(pipe, engine, contender.cam)
            finally:
                engine.close()
        except PolypliveError as error:
            pipe.send(("error", (type(error).__name__, error.message, error.hint)))


def _answer_all(pipe: Connection, engine: Engine, cam: bool) -> None:
    """Pictures are kept; a number is a turn of so many frames over them. Ends with ``EOFError``."""
    pictures: list[NDArray[np.uint8]] = []
    while True:
        request = pipe.recv()
        if isinstance(request, list):
            pictures = request
            pipe.send(("done", None))
            continue
        taken = []
        for index in range(_SETTLING + request):
            before = time.perf_counter()
            outputs = engine.infer(pictures[index % len(pictures)], cam=cam)
            taken.append(time.perf_counter() - before)
            check_numbers(outputs, engine.spec.backend)
        pipe.send(("done", taken[_SETTLING:]))
