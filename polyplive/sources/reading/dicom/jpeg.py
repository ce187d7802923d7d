"""What the markers of a JPEG picture say about its kind and colours (ISO/IEC 10918-1, B.2; 10918-6, 6.5.3)."""

from __future__ import annotations

from dataclasses import dataclass

_START_OF_SCAN, _END = 0xDA, 0xD9
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_LOSSLESS = frozenset({0xC3, 0xC7, 0xCB, 0xCF})
_JPEG_LS = 0xF7
_JFIF, _ADOBE = 0xE0, 0xEE

MARK_OF_RGB = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"
"""Adobe's marker for colours that were not turned into YCbCr."""


@dataclass(frozen=True, slots=True)
class JpegKind:
    """What a picture's markers say. ``tells_colours``: whether they say what its colours are, or leave no doubt."""

    is_ls: bool = False
    is_lossless: bool = False
    tells_colours: bool = False


def jpeg_kind(start: bytes) -> JpegKind:
    """The kind of the picture that begins with ``start``; what is not there is taken for not said."""
    is_ls = is_lossless = tells = False
    position = 2
    while position + 4 <= len(start) and start[position] == 0xFF:
        marker = start[position + 1]
        length = int.from_bytes(start[position + 2 : position + 4], "big")
        content = start[position + 4 : position + 2 + length]
        if marker == 0xFF:  # one of any number that may stand before a marker
            position += 1
            continue
        if marker in (_START_OF_SCAN, _END):
            break
        if marker == _JPEG_LS:
            is_ls = True
        elif marker in _FRAMES:
            is_lossless = marker in _LOSSLESS
            # Only YCbCr is subsampled: then not all components have the same factors.
            tells |= len(set(content[7::3])) > 1
        elif (marker == _JFIF and content.startswith(b"JFIF")) or (marker == _ADOBE and content.startswith(b"Adobe")):
            tells = True
        position += 2 + length
    return JpegKind(is_ls, is_lossless, tells)
