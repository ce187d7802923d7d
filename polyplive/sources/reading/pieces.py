"""A file that is read as if it were the parts of another, and bytes in memory, one after the other."""

from __future__ import annotations

import io
import os
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Span(NamedTuple):
    """A part of a file: where it begins, and how many bytes it has."""

    offset: int
    size: int


Piece: TypeAlias = Span | bytes


def size_of(piece: Piece) -> int:
    """The bytes of a piece."""
    return piece.size if isinstance(piece, Span) else len(piece)


class PiecesFile(io.RawIOBase):
    """Reads ``pieces`` of the file at ``path``, in order, without copying them. One thread.

    Where the file is shorter than its pieces say, it ends there. Raises ``OSError``.
    """

    def __init__(self, path: Path, pieces: Sequence[Piece]) -> None:
        self._pieces = pieces
        self._ends = list(accumulate(size_of(piece) for piece in pieces))
        self._size = self._ends[-1] if self._ends else 0
        self._position = 0
        self._file = path.open("rb", buffering=0)

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def tell(self) -> int:
        """The position in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a position, which may lie behind the end. Returns it."""
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(0, origin + offset)
        return self._position

    def read(self, size: int = -1) -> bytes:
        """The next ``size`` bytes, fewer only at the end; all that is left where ``size`` is negative."""
        left = max(0, self._size - self._position)
        left = left if size < 0 else min(size, left)
        parts = []
        while left > 0 and (part := self._part(left)):
            left -= len(part)
            self._position += len(part)
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        """Close the file; calling it again does nothing."""
        self._file.close()
        super().close()

    def _part(self, most: int) -> bytes:
        """At most ``most`` bytes of the piece at the position, from there on."""
        number = bisect_right(self._ends, self._position)
        piece = self._pieces[number]
        skipped = self._position - (self._ends[number] - size_of(piece))
        if not isinstance(piece, Span):
            return piece[skipped : skipped + most]
        self._file.seek(piece.offset + skipped)
        return self._file.read(min(most, piece.size - skipped)) or b""
