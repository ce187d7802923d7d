"""The process that explains a frame: it gets one request, sends news as it has them, and ends.

It imports neither the window nor the command line.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

from polyplive.explanation.still_engine import explained_alone
from polyplive.sessions.engine_room.messages import Failed, Line
from polyplive.system.child_process import connection, end_with_parent
from polyplive.system.priority import BELOW_PICTURE, lower_this_process

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from polyplive.explanation.still import StillRequest
    from polyplive.explanation.still_engine import StillModel


def main(arguments: list[str]) -> None:
    """Run until all is explained, or the window closes the pipe; never returns. ``arguments`` are two pipes."""
    pipe_handle, lifeline = arguments
    end_with_parent(int(lifeline))
    lower_this_process(BELOW_PICTURE)  # before a runtime starts its threads, which inherit it
    if sys.stderr is not None:
        faulthandler.enable()
    for name in ("SIGINT", "SIGTTOU"):  # Ctrl-C is for the window; printing must not suspend us
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    pipe = connection(int(pipe_handle))
    with contextlib.suppress(EOFError, ConnectionError):  # the window has gone: there is nobody to report to
        _serve(pipe)
    os._exit(0)  # as an engine's process: some runtimes crash in their exit handlers


def _serve(pipe: Connection[Any, Any]) -> None:
    request: StillRequest
    model: StillModel
    request, model = pipe.recv()
    try:
        for news in explained_alone(request, model, lambda text: pipe.send(Line(text))):
            pipe.send(news)
        pipe.send(None)
    except ConnectionError:
        raise
    except Exception as error:
        pipe.send(Failed.of(error))
