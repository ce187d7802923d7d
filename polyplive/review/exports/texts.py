"""Writing long texts piece by piece, and texts that belong together though they come mixed."""

from __future__ import annotations

import tempfile
from array import array
from typing import TYPE_CHECKING

from polyplive.system.atomic_file import write_all
from polyplive.system.private_files import create_private

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from pathlib import Path
    from types import TracebackType
    from typing import Self

_ROOM = 1 << 20


class TextFile:
    """A new file for its owner alone, written as UTF-8 in large pieces; a context. Raises ``OSError``.

    Characters that UTF-8 cannot hold become question marks.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._waiting: list[str] = []
        self._length = 0

    def __enter__(self) -> Self:
        self._file: FileIO = create_private(self._path)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if kind is None:
                self._flush()
        finally:
            self._file.close()

    def write(self, text: str) -> None:
        """Append ``text``."""
        self._waiting.append(text)
        self._length += len(text)
        if self._length > _ROOM:
            self._flush()

    def _flush(self) -> None:
        write_all(self._file, "".join(self._waiting).encode(errors="replace"))
        self._waiting.clear()
        self._length = 0


class TextsByTrack:
    """Texts that come frame by frame and are wanted track by track; a context. Raises ``OSError``.

    They lie in a file without a name in ``folder``: memory holds two numbers for each.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._places: dict[int, array[int]] = {}
        self._end = 0

    def __enter__(self) -> Self:
        self._file = tempfile.TemporaryFile(dir=self._folder)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def add(self, track: int, text: str) -> None:
        """Append ``text`` to those of ``track``."""
        data = text.encode(errors="replace")
        self._file.write(data)
        self._places.setdefault(track, array("q")).extend((self._end, len(data)))
        self._end += len(data)

    def of(self, track: int) -> Iterator[str]:
        """The texts of ``track``, in the order in which they came."""
        self._file.flush()
        places = self._places.get(track, array("q"))
        for place, length in zip(places[::2], places[1::2], strict=True):
            self._file.seek(place)
            yield self._file.read(length).decode()
        self._file.seek(self._end)
