"""How a command is stopped from outside: Ctrl-C, a closed terminal, a system that shuts down."""

from __future__ import annotations

import contextlib
import signal
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

INTERRUPTED = 130
"""The exit code of a command that Ctrl-C stopped."""

_LIKE_INTERRUPT = tuple(
    getattr(signal, name)
    for name in ("SIGTERM", "SIGHUP")
    if hasattr(signal, name)  # Windows has no SIGHUP
)


@dataclass(slots=True)
class Stop:
    """Which signal stopped the command; None until one does, and for Ctrl-C."""

    signal: signal.Signals | None = None

    @property
    def code(self) -> int:
        """The exit code that a shell expects."""
        return INTERRUPTED if self.signal is None else 128 + self.signal

    @property
    def cause(self) -> str:
        """In words."""
        return "Ctrl-C" if self.signal is None else self.signal.name


@contextlib.contextmanager
def stopped_by_signals() -> Iterator[Stop]:
    """Inside, SIGTERM and SIGHUP end a command as Ctrl-C does: its files are finished first.

    They call whatever handles SIGINT at that moment, so that a window is closed and a loop gets
    ``KeyboardInterrupt``. Only the first counts: a system that shuts down sends several, and a second must not cut
    the finishing short. A signal that the parent has set to be ignored (``nohup``) stays ignored. Does nothing
    outside the main thread, where Python allows no handlers.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def handle(number: int, frame: Any) -> None:
        if stop.signal is not None:
            return
        stop.signal = signal.Signals(number)
        interrupt = signal.getsignal(signal.SIGINT)
        if callable(interrupt):
            interrupt(number, frame)
        else:  # a job in the background of a script ignores SIGINT, but can be told to end
            raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in _LIKE_INTERRUPT}
    before = {number: handler for number, handler in before.items() if handler == signal.SIG_DFL}
    for number in before:
        signal.signal(number, handle)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
