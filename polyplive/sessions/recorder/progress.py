"""What a recorder has written so far: its files, their sizes, and what is left of the disk."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from polyplive.sinks.base import Content

_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file, what it holds (None: there is no word for it), and its size in bytes."""

    path: Path
    content: Content | None
    size: int


@dataclass(frozen=True, slots=True)
class Progress:
    """The files at one moment, and the free bytes of the disk that the first one is on; None where that is unknown."""

    files: tuple[WrittenFile, ...] = ()
    free_bytes: int | None = None


class ProgressMeter:
    """Asks the file system at most once a second, in the recorder's own thread: a disk that hangs holds nobody else.

    ``latest`` may be read in any thread.
    """

    def __init__(self, written: Callable[[], Sequence[tuple[Content | None, Path]]]) -> None:
        self.latest = Progress()
        self._written = written
        self._next_s = 0.0

    def look(self, now_s: float) -> None:
        """Measure if the last time was a second ago (``time.monotonic()``)."""
        if now_s >= self._next_s:
            self.measure()
            self._next_s = now_s + _EVERY_S

    def measure(self) -> None:
        """Measure now."""
        files = tuple(
            WrittenFile(path, content, size)
            for content, path in self._written()
            if (size := _size_of(path)) is not None
        )
        self.latest = Progress(files, _free_beside(files[0].path) if files else None)


def _size_of(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None  # it was removed meanwhile, which its sink reports


def _free_beside(path: Path) -> int | None:
    try:
        return shutil.disk_usage(path.resolve().parent).free
    except OSError:
        return None
