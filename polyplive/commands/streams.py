"""The standard streams, which the caller may have closed or connected to what takes nothing more."""

from __future__ import annotations

import contextlib
import errno
import os
import sys

_TAKES_NO_MORE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}


def prepare_streams() -> None:
    """Put something harmless where a standard stream is closed, and let names that are not UTF-8 be printed.

    Otherwise the next file that is opened would take the closed stream's number, and get what a library prints.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115
    with contextlib.suppress(AttributeError):  # a test's stand-in need not have it
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def is_about_output(error: OSError) -> bool:
    """Whether ``error`` is what stdout raises when it takes nothing more.

    It names no file, and everything else that writes turns its errors into a ``SinkError``.
    """
    return error.filename is None and error.errno in _TAKES_NO_MORE


def discard_output() -> None:
    """Let what is left in stdout's buffer go nowhere, so that the flush at exit cannot fail."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):  # not a stream of the operating system
        return
    finally:
        os.close(nowhere)
