"""Finds the fragments of encapsulated pixel data (PS3.5, A.4), and which of them make one frame."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from polyplive.sources.reading.dicom.elements import ITEM, Damaged, item_headers
from polyplive.sources.reading.pieces import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

JPEG = (b"\xff\xd8\xff",)
JPEG_2000 = (b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  ")
"""What a picture of these kinds begins with."""

_NEXT_JPEG = re.compile(rb"\xff\xd9\0?\xff\xd8\xff")
_OVERLAP, _PART = 5, 1 << 20

_MOST_FRAGMENTS = 2_000_000
_LONGEST_TABLE = 16 << 20
_ITEM_HEADER = 8


@dataclass(frozen=True, slots=True)
class Fragments:
    """The fragments in the file, in order. ``table`` is the basic offset table, empty where there is none."""

    spans: list[Span]
    table: bytes


def find_fragments(file: BinaryIO, start: int, file_size: int, frames: int) -> Fragments:
    """List the fragments of the pixel data of ``frames`` frames that begins at byte ``start``, without reading them.

    The last fragment of a file that was cut off ends with the file. What is no item ends the list. Raises ``OSError``,
    and ``Damaged`` for more fragments than a recording has.
    """
    table: bytes | None = None
    spans: list[Span] = []
    file.seek(start)
    for tag, length in item_headers(file):
        if tag != ITEM:
            break
        at = file.tell()
        length = min(length, file_size - at)
        if table is None:
            table = _table(file, length, frames)
        if at > start + _ITEM_HEADER or (length and not table):
            spans.append(Span(at, length))
        if len(spans) > _MOST_FRAGMENTS:
            raise Damaged
        file.seek(at + length)
    return Fragments(spans, table or b"")


def _table(file: BinaryIO, length: int, frames: int) -> bytes:
    """The basic offset table, which the first item should be; empty where it is none: some writers leave it out."""
    read = file.read(length) if length <= _LONGEST_TABLE and length % 4 == 0 else b""
    is_picture = read.startswith((*JPEG, *JPEG_2000))
    return read if read.startswith(bytes(4)) or (length <= 4 * frames and not is_picture) else b""


def group_by_frame(
    file: BinaryIO, fragments: Fragments, extended: bytes, frames: int, signatures: Sequence[bytes] = ()
) -> list[list[Span]]:
    """The fragments of each frame, in order.

    Where there are as many fragments as ``frames``, each is one. Otherwise an offset table says it, ``extended`` or
    basic, if it fits the fragments. Otherwise each frame begins with one of ``signatures``; without these, each
    fragment is a frame. Raises ``OSError``.
    """
    spans = fragments.spans
    if len(spans) == frames:
        return [[span] for span in spans]
    starts = _places(extended, "<u8", spans) or _places(fragments.table, "<u4", spans)
    if starts is None:
        starts = [number for number, span in enumerate(spans) if _begins(file, span, signatures)]
    return [spans[begin:end] for begin, end in pairwise([*starts, len(spans)])]


def _places(table: bytes, kind: str, spans: Sequence[Span]) -> list[int] | None:
    """Which fragments an offset table points to; None where it does not fit them."""
    offsets = np.frombuffer(table[: len(table) // np.dtype(kind).itemsize * np.dtype(kind).itemsize], kind)
    if not len(offsets) or not spans:
        return None
    items = np.array([span.offset - spans[0].offset for span in spans], "<u8")
    places = np.searchsorted(items, offsets)
    fits = places[-1] < len(items) and np.array_equal(items[places], offsets) and (np.diff(places) > 0).all()
    return [int(place) for place in places] if fits and places[0] == 0 else None


def _begins(file: BinaryIO, span: Span, signatures: Sequence[bytes]) -> bool:
    file.seek(span.offset)
    return not signatures or file.read(min(span.size, max(map(len, signatures)))).startswith(tuple(signatures))


def split_jpegs(file: BinaryIO, span: Span) -> list[Span]:
    """The JPEG pictures that lie in one ``span`` one after the other; reads all of it, a part at a time."""
    starts, done, held = [span.offset], 0, b""
    while done < span.size:
        file.seek(span.offset + done)
        read = held + file.read(min(_PART, span.size - done))
        if len(read) == len(held):
            break
        at = span.offset + done - len(held)
        starts += [at + found.end() - len(JPEG[0]) for found in _NEXT_JPEG.finditer(read)]
        done += len(read) - len(held)
        held = read[-_OVERLAP:]
    return [Span(begin, end - begin) for begin, end in pairwise([*starts, span.offset + span.size])]
