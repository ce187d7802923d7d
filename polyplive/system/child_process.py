"""Processes of our own: fresh interpreters that get pipes from their parent, and end with it."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import multiprocessing.spawn
import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection

_CODE = (
    "import importlib, json, sys; sys.path[:] = json.loads(sys.argv[1]);"
    " importlib.import_module(sys.argv[2]).main(sys.argv[3:])"
)


def start_python(module: str, arguments: Sequence[str], handles: Sequence[int]) -> subprocess.Popen[bytes]:
    """Call ``main(arguments)`` of ``module`` in a fresh interpreter that inherits ``handles`` and nothing else.

    It has no standard input and output; a terminal's Ctrl-C does not reach it. Raises ``OSError``.
    """
    command = [os.fsdecode(multiprocessing.spawn.get_executable()), "-c", _CODE, json.dumps(sys.path), module]
    return subprocess.Popen(
        [*command, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **_inheriting(handles)
    )


def connection(handle: int) -> Connection[Any, Any]:
    """In the child: the end of a pipe that it inherited."""
    if sys.platform == "win32":
        from multiprocessing.connection import PipeConnection

        return PipeConnection(handle)
    from multiprocessing.connection import Connection

    os.set_inheritable(handle, False)  # a program that the child starts must not hold the pipe open
    return Connection(handle)


def end_with_parent(handle: int) -> None:
    """In the child: end this process when the parent ends, which closes the pipe, even in the middle of other work.

    The thread needs Python's lock (the GIL), which a hanging runtime may hold, and a suspended process runs no thread.
    So Linux is also asked to send SIGKILL when the pipe closes; others send SIGIO, which ends a process that does not
    handle it. Linux's PR_SET_PDEATHSIG would follow only the thread that started this process.
    """
    lifeline = connection(handle)

    def wait() -> None:
        with contextlib.suppress(EOFError, OSError):
            lifeline.recv_bytes()
        os._exit(0)

    threading.Thread(target=wait, name="polyplive-lifeline", daemon=True).start()
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import fcntl

        fcntl.fcntl(handle, fcntl.F_SETOWN, os.getpid())
        if sys.platform == "linux":
            fcntl.fcntl(handle, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(handle, fcntl.F_SETFL, fcntl.fcntl(handle, fcntl.F_GETFL) | os.O_ASYNC)


def end_in_words(code: int) -> str:
    """How a process ended by itself, from its exit code: a signal's name, or the code."""
    if code < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-code).name
    return f"exit code {code}"


def _inheriting(handles: Sequence[int]) -> dict[str, Any]:
    """Arguments for ``Popen`` that pass on ``handles`` and keep a terminal's Ctrl-C away from the process."""
    if sys.platform == "win32":
        for handle in handles:
            os.set_handle_inheritable(handle, True)
        startup = subprocess.STARTUPINFO(lpAttributeList={"handle_list": list(handles)})
        return {"startupinfo": startup, "creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"pass_fds": handles, "process_group": 0}
