"""The shape of the pixels in a Matroska header, which FFmpeg does not write of a stream that it encodes."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from polyplive.sources.ebml import element_size, elements, make_element

if TYPE_CHECKING:
    from fractions import Fraction

_TRACKS, _TRACK, _VIDEO = b"\x16\x54\xae\x6b", b"\xae", b"\xe0"
_UNIT, _WIDTH, _HEIGHT = b"\x54\xb2", b"\x54\xb0", b"\x54\xba"
_CHECKSUM, _VOID, _ADDITIONS = b"\xbf", b"\xec", b"\x55\xee"
"""Elements by their ids (RFC 9559, section 5). That a track has 0 additions holds also where it is not said."""
_RATIO = 3
"""The display unit of a mere ratio, for a width that is no whole number of pixels."""


def with_display_size(data: bytes, width: int, height: int, sample_aspect: Fraction) -> bytes:
    """``data``, as long as it was, with the display size of its video track if the header of the tracks is in it.

    ``width`` and ``height`` are the coded pixels. FFmpeg calls the display unit unknown, and leaves some void behind
    it, which the size takes. Without that void nothing is changed: the stream itself says the shape too.
    """
    at = -1
    # The index at the top has the id too, and a picture may hold the same bytes.
    while 0 <= (at := data.find(_TRACKS, at + 1)) < len(data) - len(_TRACKS):
        size, start = element_size(data, at + len(_TRACKS))
        end = start + size
        if data[start : start + 1] in (_CHECKSUM, _VOID) and end <= len(data):
            new = _tracks(data[start:end], _display(width, height, sample_aspect))
            if len(new) == size:
                return data[:start] + new + data[end:]
    return data


def _tracks(old: bytes, display: bytes) -> bytes:
    """The tracks with ``display`` among them. While FFmpeg writes, void lies where their checksum will be."""
    parts = list(elements(old))
    if not parts:
        return old
    first = parts[0]
    new = b"".join(_track(whole, content, display) if kind == _TRACK else whole for kind, whole, content in parts[1:])
    if first.kind == _VOID:
        return first.whole + new
    is_header = first.content == _sum(old[len(first.whole) :])
    return make_element(_CHECKSUM, _sum(new)) + new if is_header else old


def _sum(data: bytes) -> bytes:
    """RFC 8794, 11.3.1."""
    return zlib.crc32(data).to_bytes(4, "little")


def _track(whole: bytes, content: bytes, display: bytes) -> bytes:
    new = b""
    for kind, part, value in elements(content):
        if kind == _VIDEO:
            kept = (inner for name, inner, _ in elements(value) if name not in (_UNIT, _WIDTH, _HEIGHT))
            new += make_element(_VIDEO, b"".join(kept) + display)
        elif kind != _VOID and (kind != _ADDITIONS or any(value)):
            new += part
    spare = len(content) - len(new)
    if spare < 0 or spare == 1:  # the smallest void takes two bytes
        return whole
    void = make_element(_VOID, bytes(spare - 2), 1) if spare else b""
    return whole[: len(whole) - len(content)] + new + void


def _display(width: int, height: int, sample_aspect: Fraction) -> bytes:
    shown = width * sample_aspect
    if shown.denominator == 1:
        return _number(_WIDTH, shown.numerator) + _number(_HEIGHT, height)
    ratio = shown / height
    return _number(_UNIT, _RATIO) + _number(_WIDTH, ratio.numerator) + _number(_HEIGHT, ratio.denominator)


def _number(kind: bytes, value: int) -> bytes:
    return make_element(kind, value.to_bytes((value.bit_length() + 7) // 8, "big"))
