"""Stops a command on a signal: Ctrl-C, a closed terminal, a system that shuts down.

One ``Stop`` for each process handles all signals. Only the first signal stops the command. What it does depends on the
context of the main thread. It raises ``KeyboardInterrupt`` inside ``interruptible``, calls a function inside
``on_stop``, and waits inside ``uninterrupted``. A second Ctrl-C ends the process at once.
"""

from __future__ import annotations

import _thread
import contextlib
import os
import signal
import socket
import sys
import threading
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

INTERRUPTED = 130
"""The exit code of a command that Ctrl-C stopped."""

_STOPPING = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP")
    if hasattr(signal, name)  # Windows has no SIGHUP
)
_IMPORTING = "<frozen importlib._bootstrap>"
_ASK_AGAIN_S = 0.02
_OURS = "polyplive-"
"""The beginning of the names of a session's threads."""
_RAISE, _HOLD = "raise", "hold"

_Answer: TypeAlias = "str | Callable[[], None]"


class Stop:
    """The signal that stopped the process, and what a signal does now. Only ``stopped_by_signals`` makes one.

    Python runs a signal handler in the main thread, between two instructions. It cannot do so while a model compiles or
    a window waits for events. Therefore a separate thread, which the system's handler wakes, counts the signals and
    calls the function of ``on_stop``.
    """

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        """The first signal; None until there is one."""
        self._answers: list[_Answer] = [_HOLD]
        self._is_answered = self._is_postponed = False
        self._seen = self._own = 0
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        self._before: dict[int, signal.Handlers | Callable[[int, FrameType | None], object] | int | None] = {}
        self._fd = -1
        self._thread = threading.Thread(target=self._watch, name="signals", daemon=True)

    @property
    def code(self) -> int:
        """The exit code that a shell expects after the signal."""
        return INTERRUPTED if self.signal is None else 128 + self.signal

    @property
    def cause(self) -> str:
        """In words."""
        return "Ctrl-C" if self.signal is None or self.signal == signal.SIGINT else self.signal.name

    def install(self) -> None:
        """Install the handlers. A signal that the parent ignores (``nohup``) stays ignored."""
        self._thread.start()
        self._fd = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        for number in _STOPPING:
            if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                self._before[number] = signal.signal(number, self._handle)

    def remove(self) -> None:
        """Restore the earlier handlers."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._fd)
        self._writer.close()
        self._thread.join()
        self._reader.close()

    def ignore(self) -> None:
        """Ignore signals from now on, while the interpreter ends."""
        for number in self._before:
            signal.signal(number, signal.SIG_IGN)

    @contextlib.contextmanager
    def answering(self, answer: _Answer) -> Iterator[None]:
        """Inside, a first signal does ``answer``; one that came before and was held does it at once."""
        self._answers.append(answer)
        try:
            self._answer()
            yield
        finally:
            self._answers.pop()
        self._answer()

    def _answer(self) -> None:
        """Do what a first signal does at this moment; main thread."""
        if self.signal is None or self._is_answered or self._answers[-1] is _HOLD:
            return
        self._is_answered = True
        answer = self._answers[-1]
        if callable(answer):
            answer()
        else:
            raise KeyboardInterrupt

    def _handle(self, number: int, frame: FrameType | None) -> None:
        """Called by Python, in the main thread."""
        self.signal = self.signal or signal.Signals(number)
        if self._answers[-1] is _RAISE and not self._is_answered and _must_not_be_cut(frame):
            self._is_postponed = True
            with contextlib.suppress(BlockingIOError):  # the pipe is full, so the thread is awake anyway
                self._writer.send(b"\0")
        else:
            self._answer()

    def _watch(self) -> None:
        """Run the thread: each signal wakes it at once, whatever the main thread does."""
        while True:
            try:
                told = self._reader.recv(64)
            except TimeoutError:
                self._ask_again()
                told = b"\0"
            if not told:
                return
            for number in told:
                if number in self._before:
                    self._see(number)
            self._reader.settimeout(_ASK_AGAIN_S if self._is_postponed else None)

    def _see(self, number: int) -> None:
        if self._own:
            self._own -= 1
            return
        self._seen += 1
        if self._seen > 1 and number == signal.SIGINT:
            with contextlib.suppress(OSError):
                os.write(2, b"polyplive: abandoned by Ctrl-C.\n")
            os._exit(INTERRUPTED)  # the user insists: the clean end takes too long
        self.signal = self.signal or signal.Signals(number)
        answer = self._answers[-1]
        if callable(answer) and not self._is_answered:
            self._is_answered = True
            answer()

    def _ask_again(self) -> None:
        """Trigger the handler again, because the main thread was in the middle of an import."""
        self._is_postponed = False
        if self.signal is not None:
            self._own += 1
            if sys.platform == "win32":
                _thread.interrupt_main(self.signal)
            else:  # which also ends a wait
                signal.pthread_kill(threading.main_thread().ident or 0, self.signal)


_stop: Stop | None = None


@contextlib.contextmanager
def stopped_by_signals() -> Iterator[Stop]:
    """Inside, SIGINT, SIGTERM and SIGHUP stop the command, once it has finished its files.

    A second SIGTERM or SIGHUP changes nothing: a system that shuts down sends several. If the process already has a
    ``Stop``, that one is given. Outside the main thread, where Python allows no handlers, it does nothing.
    """
    global _stop
    if _stop is not None:
        yield _stop
        return
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    stop.install()
    _stop = stop
    try:
        yield stop
    finally:
        _stop = None
        stop.remove()


def stop_by_signals() -> Stop:
    """The same until the process ends; called once, in the main thread."""
    global _stop
    _stop = Stop()
    _stop.install()
    return _stop


def leave(code: int) -> int:
    """Return ``code`` for ``sys.exit``; if a session's thread still runs, end the process at once.

    Such a thread hangs in a driver or a runtime and cannot be ended. A normal end of the interpreter would wait for it
    for ever, or crash it by freeing what it uses.
    """
    if any(thread.name.startswith(_OURS) for thread in threading.enumerate()):
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)
    return code


def interruptible() -> contextlib.AbstractContextManager[None]:
    """Inside, a first signal raises ``KeyboardInterrupt`` in the main thread, but never during an import."""
    return _answering(_RAISE)


def uninterrupted() -> contextlib.AbstractContextManager[None]:
    """Inside, a first signal waits; it takes effect at the end."""
    return _answering(_HOLD)


def on_stop(call: Callable[[], None]) -> contextlib.AbstractContextManager[None]:
    """Inside, a first signal calls ``call``, in any thread and perhaps twice; it must return at once."""
    return _answering(call)


def is_stopping() -> bool:
    """Whether a signal has come."""
    return _stop is not None and _stop.signal is not None


def _answering(answer: _Answer) -> contextlib.AbstractContextManager[None]:
    if _stop is None or threading.current_thread() is not threading.main_thread():
        return contextlib.nullcontext()
    return _stop.answering(answer)


def _must_not_be_cut(frame: FrameType | None) -> bool:
    """Whether ``KeyboardInterrupt`` in ``frame`` would do harm, or be lost.

    An interrupted import cannot be undone, and modules in C turn the interruption into an error of their own. An
    exception in ``__del__`` is printed and lost.
    """
    while frame is not None:
        if frame.f_code.co_filename == _IMPORTING or frame.f_code.co_name == "__del__":
            return True
        frame = frame.f_back
    return False
