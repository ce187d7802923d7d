"""The standard streams, which the caller may have closed or connected to a full disk or a closed pipe."""

from __future__ import annotations

import contextlib
import errno
import faulthandler
import os
import sys

_TAKES_NO_MORE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}


def prepare_streams() -> None:
    """Replace closed standard streams by the null device, and allow names that are not UTF-8 to be printed.

    Otherwise the next opened file would get the closed stream's number, and a library would print into it.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = open(os.devnull, mode, encoding="utf-8")  # noqa: PTH123, SIM115
            os.set_inheritable(stream.fileno(), True)  # for child processes too
            setattr(sys, name, stream)
    with contextlib.suppress(AttributeError):  # a replacement in a test need not have it
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def report_crashes() -> None:
    """Print on stderr where Python was when a library crashes. Call it after ``prepare_streams``.

    The report goes to the present descriptor of stderr; without an open one there is no report.
    """
    if not faulthandler.is_enabled():
        with contextlib.suppress(OSError, ValueError, RuntimeError, AttributeError):  # a replacement in a test
            faulthandler.enable(sys.stderr)


def is_about_output(error: OSError) -> bool:
    """Whether ``error`` comes from a stdout that cannot be written to.

    Such an error names no file, and all other writers turn their errors into ``SinkError``.
    """
    return error.filename is None and error.errno in _TAKES_NO_MORE


def discard_output() -> None:
    """Discard the rest of stdout's buffer, so that the flush at exit cannot fail."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):  # not a stream of the operating system
        return
    finally:
        os.close(nowhere)
