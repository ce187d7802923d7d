"""Splits packets of H.264 and HEVC into their NAL units."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_START = b"\x00\x00\x01"
_AVCC_HEADER, _HVCC_HEADER = 5, 22


class NalSplitter:
    """Knows whether a stream's units stand behind start codes or behind their lengths."""

    def __init__(self, extradata: bytes, *, hevc: bool) -> None:
        self._length_bytes = 0
        self.parameters: list[bytes] = []
        """The parameter sets in ``extradata``."""
        if extradata[:1] != b"\x01":
            self.parameters = list(self.units(extradata))
            return
        at = _HVCC_HEADER if hevc else _AVCC_HEADER
        if len(extradata) > at:
            self._length_bytes = (extradata[at - 1] & 3) + 1
            self.parameters = list(_hvcc(extradata) if hevc else _avcc(extradata))

    def units(self, data: bytes) -> Iterator[bytes]:
        """The units of a packet, each from its header on; ends early where the packet is damaged."""
        return _by_length(data, self._length_bytes) if self._length_bytes else _by_start_code(data)


def _by_length(data: bytes, length_bytes: int) -> Iterator[bytes]:
    at, end = 0, len(data) - length_bytes
    while at < end:
        size = int.from_bytes(data[at : at + length_bytes], "big")
        at += length_bytes
        if size:
            yield data[at : at + size]
        at += size


def _by_start_code(data: bytes) -> Iterator[bytes]:
    at = data.find(_START)
    while at >= 0:
        following = data.find(_START, at + 3)
        unit = data[at + 3 : following if following >= 0 else len(data)]
        if unit:
            yield unit
        at = following


def _avcc(extradata: bytes) -> Iterator[bytes]:
    """ISO 14496-15, 5.3.3.1: sets of sequence parameters, then of picture parameters."""
    at = _AVCC_HEADER
    for mask in (0x1F, 0xFF):
        if at >= len(extradata):
            return
        count, at = extradata[at] & mask, at + 1
        for _ in range(count):
            size = int.from_bytes(extradata[at : at + 2], "big")
            yield extradata[at + 2 : at + 2 + size]
            at += 2 + size


def _hvcc(extradata: bytes) -> Iterator[bytes]:
    """ISO 14496-15, 8.3.3.1: arrays of units of one kind."""
    arrays, at = extradata[_HVCC_HEADER], _HVCC_HEADER + 1
    for _ in range(arrays):
        count, at = int.from_bytes(extradata[at + 1 : at + 3], "big"), at + 3
        for _ in range(count):
            size = int.from_bytes(extradata[at : at + 2], "big")
            yield extradata[at + 2 : at + 2 + size]
            at += 2 + size
