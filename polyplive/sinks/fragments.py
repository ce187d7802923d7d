"""Repairs the end of a fragmented MP4 file whose writing stopped early."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_HEADER = 8


def cut_to_whole_fragments(path: Path) -> None:
    """Cut the file after its last whole fragment (``moof`` and ``mdat``, ISO 14496-12), if it has one.

    A half-written fragment announces pictures that are missing, so some players refuse the file. Raises ``OSError`` if
    the file cannot be read or cut.
    """
    size = path.stat().st_size
    whole = position = 0
    with path.open("r+b") as file:
        while position + _HEADER <= size:
            file.seek(position)
            header = file.read(_HEADER)
            length, kind = int.from_bytes(header[:4], "big"), header[4:]
            if length < _HEADER or position + length > size:
                break
            position += length
            if kind == b"mdat":
                whole = position
        if whole:
            file.truncate(whole)
