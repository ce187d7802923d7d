"""Pieces of a file and of memory read as one file: any position, any length, as if they had been joined."""

from __future__ import annotations

import io
import os
import random
from typing import TYPE_CHECKING

import pytest

from polyplive.sources.reading.pieces import PiecesFile, Span

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("seed", range(8))
def test_it_reads_as_the_joined_pieces_do(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    data = chance.randbytes(5000)
    path = tmp_path / "whole"
    path.write_bytes(data)
    pieces: list[Span | bytes] = []
    joined = io.BytesIO()
    for _ in range(chance.choice((0, 1, 5, 60))):
        offset, size = chance.randrange(4000), chance.choice((0, 1, 7, 900))
        pieces.append(chance.choice((Span(offset, size), chance.randbytes(size))))
        piece = pieces[-1]
        joined.write(data[piece.offset : piece.offset + piece.size] if isinstance(piece, Span) else piece)
    length = joined.tell()
    with PiecesFile(path, pieces) as file:
        for _ in range(200):
            whence = chance.choice((os.SEEK_SET, os.SEEK_CUR, os.SEEK_END))
            target = chance.randrange(length + 20)
            origin = {os.SEEK_SET: 0, os.SEEK_CUR: file.tell(), os.SEEK_END: length}[whence]
            assert file.seek(target - origin, whence) == joined.seek(target) == file.tell()
            size = chance.choice((-1, 0, 1, 10, 2000))
            assert file.read(size) == joined.read(size)


def test_a_file_that_became_shorter_ends_earlier(tmp_path: Path) -> None:
    path = tmp_path / "whole"
    path.write_bytes(bytes(100))
    with PiecesFile(path, [b"head", Span(10, 80), Span(0, 10)]) as file:
        os.truncate(path, 30)
        assert file.read() == b"head" + bytes(20)
        assert file.read(5) == b""
