"""What the operating system says of a file that cannot be written, as one ``SinkError``."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from polyplive.errors import SinkError, said_by

if TYPE_CHECKING:
    from pathlib import Path

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def sink_error(path: Path, error: BaseException, *, kept: bool = True) -> SinkError:
    """The error to raise for ``error``, met while writing ``path``; ``kept`` is whether what was written is of use."""
    number = getattr(error, "errno", None)
    if number in _FULL:
        left = "what was written so far is kept" if kept else "too little was written to be kept"
        return SinkError(f"No room left to write '{path}'", f"Free some space; {left}.")
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return SinkError(f"Cannot write '{path}': there is no folder '{path.parent}'", "Create it, or name another.")
    if isinstance(error, IsADirectoryError):
        return SinkError(f"Cannot write '{path}': it is a folder", "Name a file in it.")
    if isinstance(error, PermissionError):
        return SinkError(f"Cannot write '{path}': permission denied", "Name a file in a folder of your own.")
    return SinkError(f"Cannot write '{path}': {said_by(error)}", "Name another file.")
