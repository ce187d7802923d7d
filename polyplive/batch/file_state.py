"""Whether a file is still the one that was seen before, and whether it is still being written."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FRESH_S = 60.0
"""A file that was changed within so many seconds may still be being written."""


@dataclass(frozen=True, slots=True)
class FileState:
    """A file's ``size`` in bytes and when it was changed, in nanoseconds since 1970. Both same: the same file."""

    size: int
    modified_ns: int

    @classmethod
    def of(cls, path: Path) -> FileState | None:
        """Of the file at ``path``; None where there is none that can be looked at."""
        try:
            found = path.stat()
        except (OSError, ValueError):
            return None
        return cls(found.st_size, found.st_mtime_ns)

    @property
    def is_fresh(self) -> bool:
        """Whether it was changed just now, by this machine's clock; a change in the future counts too."""
        return self.modified_ns > (time.time() - FRESH_S) * 1e9
