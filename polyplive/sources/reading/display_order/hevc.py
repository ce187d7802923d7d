"""The order of HEVC pictures: their picture order count (ISO 23008-2, 8.3.1)."""

from __future__ import annotations

from dataclasses import dataclass

from polyplive.sources.reading.display_order.bits import BitReader
from polyplive.sources.reading.display_order.nal_order import HEADER_BYTES, NalOrder

_FIRST_PARAMETERS, _SEQUENCE, _PICTURE = 32, 33, 34
_BROKEN_LINK, _IDR, _RANDOM_ACCESS = range(16, 19), (19, 20), range(16, 24)
_SUB_LAYER_LIMIT, _LEADING = 16, range(6, 10)


@dataclass(frozen=True, slots=True)
class _Sequence:
    """What a slice's header needs of the sequence parameters."""

    count_bits: int
    separate_planes: bool


@dataclass(frozen=True, slots=True)
class _Picture:
    """What a slice's header needs of the picture parameters."""

    sequence: int
    has_output_flag: bool
    extra_bits: int


class HevcOrder(NalOrder):
    """Implements ``DisplayOrder``. A field is a picture of its own in HEVC."""

    def __init__(self, extradata: bytes) -> None:
        self._sequences: dict[int, _Sequence] = {}
        self._pictures: dict[int, _Picture] = {}
        super().__init__(extradata, hevc=True)

    def _is_slice(self, unit: bytes) -> bool:
        return unit[0] >> 1 & 63 < _FIRST_PARAMETERS

    def _note(self, unit: bytes, place: int | None = None) -> None:
        kind = unit[0] >> 1 & 63
        if kind == _SEQUENCE:
            number, sequence = _sequence(BitReader(unit[2:]))
            self._sequences[number] = sequence
            self._sets.note(kind, number, unit, place)
        elif kind == _PICTURE:
            bits = BitReader(unit[2:HEADER_BYTES])
            number, of_sequence = bits.unsigned(), bits.unsigned()
            bits.skip(1)
            self._pictures[number] = _Picture(of_sequence, bits.flag(), bits.bits(3))
            self._sets.note(kind, number, unit, place)

    def _slice(self, unit: bytes) -> None:
        kind, layer = unit[0] >> 1 & 63, unit[1] & 7
        bits = BitReader(unit[2:HEADER_BYTES])
        bits.skip(1)  # the first slice of a picture comes first
        if kind in _RANDOM_ACCESS:
            bits.skip(1)
        picture = self._pictures[bits.unsigned()]
        sequence = self._sequences[picture.sequence]
        bits.skip(picture.extra_bits)
        bits.unsigned()  # slice_type
        bits.skip(picture.has_output_flag + 2 * sequence.separate_planes)
        if kind in _IDR or kind in _BROKEN_LINK:
            self._counts.begin()
        count = 0 if kind in _IDR else bits.bits(sequence.count_bits)
        is_unreferenced = kind < _SUB_LAYER_LIMIT and kind % 2 == 0
        is_anchor = layer == 1 and not is_unreferenced and kind not in _LEADING
        self._counts.add(count, sequence.count_bits, is_reference=is_anchor)


def _sequence(bits: BitReader) -> tuple[int, _Sequence]:
    """ISO 23008-2, 7.3.2.2.1, as far as it is needed: the set's number and contents."""
    bits.skip(4)
    sub_layers = bits.bits(3)
    bits.skip(1 + 96)  # general profile, tier and level
    present = [(bits.flag(), bits.flag()) for _ in range(sub_layers)]
    if sub_layers:
        bits.skip(2 * (8 - sub_layers))
    for has_profile, has_level in present:
        bits.skip(88 * has_profile + 8 * has_level)
    number = bits.unsigned()
    separate_planes = bits.unsigned() == 3 and bits.flag()
    bits.unsigned()  # width and height
    bits.unsigned()
    if bits.flag():
        for _ in range(4):
            bits.unsigned()  # conformance window
    bits.unsigned()  # bit depths
    bits.unsigned()
    return number, _Sequence(bits.unsigned() + 4, separate_planes)
