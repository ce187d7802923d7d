"""PNG pictures of numbers: a colour table for up to 255 of them, else 16 bits of grey (ISO/IEC 15948)."""

from __future__ import annotations

import colorsys
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_INDEXED = 255
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _INDEXED = 0, 3
_GOLDEN = 0.618034
"""Steps of this share of the colour circle keep neighbours far apart."""
_LEVEL = 1
"""Masks are mostly zeros: more work saves little."""


def indexed_png(numbers: NDArray[np.uint16]) -> bytes:
    """``numbers`` (uint16 [H, W], 0 to 255) as 8-bit indices into ``colour_table``."""
    return _png(numbers.astype(np.uint8), 8, _INDEXED, _chunk(b"PLTE", colour_table()))


def grey_png(numbers: NDArray[np.uint16]) -> bytes:
    """``numbers`` (uint16 [H, W]) as 16-bit grey values."""
    return _png(numbers.astype(">u2"), 16, _GREY, b"")


def colour_table() -> bytes:
    """256 colours, red, green and blue in a byte each: black, then colours that differ from their neighbours."""
    colours = [(0.0, 0.0, 0.0)]
    colours += [colorsys.hsv_to_rgb(number * _GOLDEN % 1.0, 0.75, 1.0) for number in range(1, MOST_INDEXED + 1)]
    return bytes(round(255 * value) for colour in colours for value in colour)


def _png(values: NDArray[np.generic], bits: int, kind: int, table: bytes) -> bytes:
    height, width = values.shape
    head = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    unfiltered = np.zeros((height, 1 + width * values.itemsize), np.uint8)
    unfiltered[:, 1:] = values.view(np.uint8).reshape(height, -1)  # a line begins with the number of its filter: none
    data = zlib.compress(unfiltered.data, _LEVEL)
    return _SIGNATURE + _chunk(b"IHDR", head) + table + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
