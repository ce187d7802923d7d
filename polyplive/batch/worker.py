"""A worker's process: it takes one task after another, and ends with the batch."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

from polyplive.batch.pool import Done, News, Progress, Refused
from polyplive.errors import BackendUnavailable, ModelError, SinkError, text_of
from polyplive.system.child_process import connection, end_with_parent

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.batch.pool import Task

ENDS_BATCH = (SinkError, ModelError, BackendUnavailable)
"""Errors that are not about one recording: the next one would meet them too."""

_TELL_EVERY_S = 0.2


def main(arguments: list[str]) -> None:
    """Run until the batch closes the pipe or ends; never returns. ``arguments`` are two pipes."""
    pipe_handle, lifeline = arguments
    end_with_parent(int(lifeline))
    if sys.stderr is not None:
        faulthandler.enable()
    for name in ("SIGINT", "SIGTTOU"):  # Ctrl-C is for the batch; printing must not suspend us
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    pipe = connection(int(pipe_handle))
    with contextlib.suppress(EOFError, ConnectionError):  # the batch has ended: there is nobody to report to
        while (task := pipe.recv()) is not None:
            pipe.send(run(task, pipe.send))
    os._exit(0)  # some runtimes crash in their exit handlers


def run(task: Task, send: Callable[[Any], None]) -> News:
    """Do ``task`` and return how it ended; ``send`` gets its progress now and then."""
    due_s = 0.0

    def tell(done: int, total: int | None) -> None:
        nonlocal due_s
        if (now_s := time.monotonic()) >= due_s:
            due_s = now_s + _TELL_EVERY_S
            send(Progress(task.number, done, total))

    try:
        return Done(task.number, task.call(tell))
    except ENDS_BATCH as error:
        return Refused(task.number, str(error))
    except ConnectionError:
        raise
    except Exception as error:
        return Refused(task.number, f"{type(error).__name__}: {text_of(error)}")
