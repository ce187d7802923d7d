"""Turns the operating system's errors about a file that cannot be written into a ``SinkError``."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from polyplive.errors import SinkError, text_of
from polyplive.system.private_files import check_writable, is_still_at, make_private_folder

if TYPE_CHECKING:
    from io import FileIO
    from pathlib import Path

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def check_in_place(path: Path, file: FileIO) -> None:
    """Raise ``SinkError`` where what was written to ``file`` is lost, since ``path`` does not name it any more."""
    if not is_still_at(path, file):
        raise SinkError(
            f"'{path}' was removed or replaced while it was written, so that it does not hold this session",
            "Give each session files of its own.",
        )


def try_file(path: Path) -> None:
    """Raise ``SinkError`` where ``path`` cannot be written. Missing folders are made, for their owner alone."""
    try:
        make_private_folder(path.parent)
        check_writable(path)
    except (OSError, ValueError) as error:
        raise sink_error(path, error) from None


def sink_error(path: Path, error: BaseException, *, kept: bool = True) -> SinkError:
    """The ``SinkError`` for ``error``, raised while writing ``path``; ``kept``: what was written so far is usable."""
    number = getattr(error, "errno", None)
    if number in _FULL:
        left = "what was written so far is kept" if kept else "too little was written to be kept"
        return SinkError(f"No room left to write '{path}'", f"Free some space; {left}.")
    if isinstance(error, FileNotFoundError | NotADirectoryError) and not path.parent.is_dir():
        return SinkError(f"Cannot write '{path}': there is no folder '{path.parent}'", "Create it, or name another.")
    if isinstance(error, IsADirectoryError):
        return SinkError(f"Cannot write '{path}': it is a folder", "Name a file in it.")
    if isinstance(error, PermissionError):
        return SinkError(f"Cannot write '{path}': permission denied", "Name a file in a folder of your own.")
    if isinstance(error, FileNotFoundError):
        return SinkError(f"Cannot write '{path}': nothing can be made in '{path.parent}'", "Name another folder.")
    return SinkError(f"Cannot write '{path}': {text_of(error)}", "Name another file.")
