"""Writes a file completely or not at all."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from polyplive.system.private_files import open_new, unfinished

if TYPE_CHECKING:
    from io import FileIO
    from pathlib import Path


def write_atomic(path: Path, data: bytes | memoryview) -> None:
    """Write ``data`` to a file beside ``path``, flush it to the disk and move it into place in one step; any thread.

    Only the owner can read the file. A link at ``path`` is replaced, not followed. After a failure the earlier file is
    unchanged, and nothing else is left. Raises ``OSError``.
    """
    with unfinished(path) as (partial, file):
        write_to_disk(file, data)
        partial.replace(path)


def write_new(path: Path, data: bytes) -> None:
    """Write ``data`` to a new file for its owner alone. Raises ``FileExistsError`` if it exists, and ``OSError``."""
    with open_new(path) as file:
        write_all(file, data)


def write_to_disk(file: FileIO, data: bytes | memoryview) -> None:
    """Write all of ``data``, flush it to the disk and close ``file``. Raises ``OSError``.

    (Windows cannot move an open file.)
    """
    write_all(file, data)
    os.fsync(file.fileno())
    file.close()


def append_whole(file: FileIO, data: bytes) -> None:
    """Append all of ``data``, or nothing if there is no room. Raises ``OSError``."""
    start = None
    with contextlib.suppress(OSError):  # a pipe or a device has no position and cannot be truncated
        start = file.tell()
    try:
        write_all(file, data)
    except OSError:
        if start is not None:
            with contextlib.suppress(OSError):
                file.truncate(start)
        raise


def write_all(file: FileIO, data: bytes | memoryview) -> None:
    """Write all of ``data``: a nearly full disk takes only a part, and the next call fails. Raises ``OSError``."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]
