"""Files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_NAME_KEPT = 40
"""Letters of the name that its unfinished file keeps: with its own ending it must not grow too long."""


def write_whole(path: Path, data: bytes) -> None:
    """Write ``data`` beside ``path``, to the disk itself, and move it into place in one step; any thread.

    Where that fails, what was there before stays, and nothing else is left. Raises ``OSError``.
    """
    writer = f"{os.getpid()}-{threading.get_ident()}"
    partial = path.with_name(f".{path.name[:_NAME_KEPT]}.{writer}.part")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
