"""The header that makes a TIFF picture of one frame's bytes, for frames that are not compressed or run-length coded."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHORT, _INTEGER = 3, 4
_FORMATS = {_SHORT: "H", _INTEGER: "I"}
_START = struct.Struct("<2sHI")
_STRIPS, _SUBSAMPLING = 273, 530


class Colours(IntEnum):
    """The values of TIFF's PhotometricInterpretation that are used here."""

    GREY = 1
    RGB = 2
    YCBCR = 6


class Compression(IntEnum):
    """The values of TIFF's Compression that are used here."""

    NONE = 1
    PACK_BITS = 32773


@dataclass(frozen=True, slots=True)
class Layout:
    """How a frame of 8 bits a sample lies in memory.

    With ``planar`` each colour is a strip of its own. ``subsampling`` is the number of pixels that share their colour,
    along a row: 1 or 2.
    """

    columns: int
    rows: int
    colours: Colours
    planar: bool = False
    compression: Compression = Compression.NONE
    subsampling: int = 1

    @property
    def samples(self) -> int:
        """Of a pixel."""
        return 1 if self.colours is Colours.GREY else 3

    @property
    def frame_bytes(self) -> int:
        """The size of a frame that is not compressed."""
        shared = 2 * self.columns * self.rows // self.subsampling
        return self.columns * self.rows + (shared if self.samples == 3 else 0)


def tiff_header(layout: Layout, strips: Sequence[int]) -> bytes:
    """The bytes to put before a frame; ``strips`` are the sizes of its parts in bytes, which follow one another."""
    # TIFF 6.0, section 2: the directory's entries in ascending order of their tags, then values longer than 4 bytes.
    entries: list[tuple[int, int, list[int]]] = [
        (256, _INTEGER, [layout.columns]),
        (257, _INTEGER, [layout.rows]),
        (258, _SHORT, [8] * layout.samples),
        (259, _SHORT, [layout.compression]),
        (262, _SHORT, [layout.colours]),
        (_STRIPS, _INTEGER, [0] * len(strips)),
        (277, _SHORT, [layout.samples]),
        (278, _INTEGER, [layout.rows]),
        (279, _INTEGER, list(strips)),
        (284, _SHORT, [2 if layout.planar else 1]),
    ]
    if layout.colours is Colours.YCBCR:
        entries.append((_SUBSAMPLING, _SHORT, [layout.subsampling, 1]))
    long = _START.size + 2 + 12 * len(entries) + 4
    size = long + sum(len(_packed(kind, values)) for _, kind, values in entries if len(_packed(kind, values)) > 4)
    directory, values_behind = b"", b""
    for tag, kind, values in entries:
        if tag == _STRIPS:
            values = [size + sum(strips[:number]) for number in range(len(strips))]
        packed = _packed(kind, values)
        if len(packed) > 4:
            packed, values_behind = struct.pack("<I", long + len(values_behind)), values_behind + packed
        directory += struct.pack("<HHI4s", tag, kind, len(values), packed)
    return _START.pack(b"II", 42, _START.size) + struct.pack("<H", len(entries)) + directory + bytes(4) + values_behind


def _packed(kind: int, values: Sequence[int]) -> bytes:
    return struct.pack(f"<{len(values)}{_FORMATS[kind]}", *values)
