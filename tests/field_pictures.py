"""H.264 in which each field of a frame is a picture of its own (PAFF): no encoder here writes it.

Every macroblock is I_PCM, its samples as they are (ISO 14496-10, 7.3.5), so that no compression is needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from clipmaker import HEIGHT, WIDTH
from coded_packets import planes

_IDR, _OTHER, _SEQUENCE, _PICTURE = 5, 1, 0x67, 0x68
_ACROSS, _DOWN = WIDTH // 16, HEIGHT // 32
_REORDERED = 2


@dataclass(frozen=True)
class FieldPair:
    """A frame: its number in order of presentation, whether decoding can begin there, and its two coded fields."""

    number: int
    is_key: bool
    fields: tuple[bytes, bytes]


def field_pairs(count: int, group: int = 12) -> list[FieldPair]:
    """So many numbered frames in coding order: two of three follow a reference that is shown after them."""
    pairs, references = [], 0
    for number, is_reference in _coding_order(count, group):
        is_key = number % group == 0
        references = 0 if is_key else references
        pairs.append(FieldPair(number, is_key, _fields(number, group, references, is_reference=is_reference)))
        references += is_reference
    return pairs


def _coding_order(count: int, group: int) -> list[tuple[int, bool]]:
    order: list[tuple[int, bool]] = []
    for begin in range(0, count, group):
        order.append((begin, True))
        following, end = begin + 1, min(begin + group, count)
        while following < end:
            reference = min(following + _REORDERED, end - 1)
            order.append((reference, True))
            order += [(number, False) for number in range(following, reference)]
            following = reference + 1
    return order


def _fields(number: int, group: int, references: int, *, is_reference: bool) -> tuple[bytes, bytes]:
    is_key, samples = number % group == 0, planes(number)
    count = 2 * (number % group)
    first = _field(samples, 0, _IDR if is_key else _OTHER, references, count, is_reference=is_reference)
    second = _field(samples, 1, _OTHER, references, count + 1, is_reference=is_reference)
    return (_parameters() + first if is_key else first), second


def _field(
    samples: tuple[np.ndarray, ...], bottom: int, kind: int, references: int, count: int, *, is_reference: bool
) -> bytes:
    header = _ue(0) + _ue(7) + _ue(0) + f"{references % 16:04b}" + "1" + str(bottom)
    header += (_ue(0) if kind == _IDR else "") + f"{count % 256:08b}"
    header += ("00" if kind == _IDR else "0") if is_reference else ""
    digits, data = header + _ue(0) + _ue(1), b""
    y, *chroma = (plane[bottom::2] for plane in samples)
    for row in range(_DOWN):
        for column in range(_ACROSS):
            digits += _ue(25)  # I_PCM
            data += _bytes(digits + "0" * (-len(digits) % 8))
            blocks = [y[16 * row : 16 * row + 16, 16 * column : 16 * column + 16]]
            blocks += [plane[8 * row : 8 * row + 8, 8 * column : 8 * column + 8] for plane in chroma]
            data += b"".join(block.tobytes() for block in blocks)
            digits = ""
    return _unit(is_reference << 5 | kind, data + b"\x80")


def _parameters() -> bytes:
    sequence = f"{77:08b}" + "0" * 8 + f"{30:08b}" + _ue(0) * 3 + _ue(4) + _ue(2) + "0"
    sequence += _ue(_ACROSS - 1) + _ue(_DOWN - 1) + "00100"
    picture = _ue(0) * 2 + "00" + _ue(0) * 3 + "000" + _ue(0) * 3 + "100"
    return b"".join(
        _unit(header, _bytes(digits + "1" + "0" * (-(len(digits) + 1) % 8)))
        for header, digits in ((_SEQUENCE, sequence), (_PICTURE, picture))
    )


def _unit(header: int, data: bytes) -> bytes:
    """Behind a start code, with the bytes against false ones (ISO 14496-10, 7.4.1)."""
    escaped, zeros = bytearray(), 0
    for byte in data:
        if zeros >= 2 and byte <= 3:
            escaped.append(3)
            zeros = 0
        escaped.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return b"\0\0\0\1" + bytes([header]) + bytes(escaped)


def _ue(value: int) -> str:
    digits = f"{value + 1:b}"
    return "0" * (len(digits) - 1) + digits


def _bytes(digits: str) -> bytes:
    return int(digits, 2).to_bytes(len(digits) // 8, "big") if digits else b""
