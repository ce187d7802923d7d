"""The end of a fragmented MP4 file that could not be written to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_HEADER = 8


def cut_to_whole_fragments(path: Path) -> None:
    """Cut off what follows the last whole fragment (``moof`` and ``mdat``, ISO 14496-12), if there is a whole one.

    A half-written fragment announces pictures that are not there, which some players take for a broken file. Raises
    ``OSError`` when the file cannot be read or cut.
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
