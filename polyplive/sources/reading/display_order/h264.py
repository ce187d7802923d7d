"""The order of H.264 pictures: their picture order count (ISO 14496-10, 8.2.1)."""

from __future__ import annotations

from dataclasses import dataclass

from polyplive.sources.reading.display_order.bits import BitReader
from polyplive.sources.reading.display_order.nal_order import HEADER_BYTES, NalOrder

_SLICE, _SLICE_DATA, _IDR_SLICE, _SEQUENCE, _PICTURE = 1, 2, 5, 7, 8
_HIGH_PROFILES = frozenset({44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244})


@dataclass(frozen=True, slots=True)
class _Sequence:
    """What a slice's header needs of the sequence parameters."""

    frame_number_bits: int
    count_type: int
    count_bits: int
    frames_only: bool
    separate_planes: bool


class H264Order(NalOrder):
    """Implements ``DisplayOrder``."""

    def __init__(self, extradata: bytes) -> None:
        self._sequences: dict[int, _Sequence] = {}
        self._pictures: dict[int, int] = {}
        self._fields: set[int] = set()
        self._last_field: tuple[int, bool] | None = None
        super().__init__(extradata, hevc=False)

    def without_picture(self) -> set[int]:
        """See ``DisplayOrder``."""
        return self._fields

    def _is_slice(self, unit: bytes) -> bool:
        return unit[0] & 31 in (_SLICE, _SLICE_DATA, _IDR_SLICE)

    def _note(self, unit: bytes, place: int | None = None) -> None:
        kind = unit[0] & 31
        if kind == _SEQUENCE:
            number, sequence = _sequence(BitReader(unit[1:]))
            self._sequences[number] = sequence
            self._sets.note(kind, number, unit, place)
        elif kind == _PICTURE:
            bits = BitReader(unit[1:HEADER_BYTES])
            number = bits.unsigned()
            self._pictures[number] = bits.unsigned()
            self._sets.note(kind, number, unit, place)

    def _slice(self, unit: bytes) -> None:
        is_reference, is_idr = bool(unit[0] & 0x60), unit[0] & 31 == _IDR_SLICE
        bits = BitReader(unit[1:HEADER_BYTES])
        bits.unsigned()  # first_mb_in_slice
        bits.unsigned()  # slice_type
        sequence = self._sequences[self._pictures[bits.unsigned()]]
        if sequence.separate_planes:
            bits.skip(2)
        frame_number = bits.bits(sequence.frame_number_bits)
        is_field = not sequence.frames_only and bits.flag()
        is_bottom = is_field and bits.flag()
        self._pair(frame_number, is_field=is_field, is_bottom=is_bottom, is_idr=is_idr)
        if is_idr:
            bits.unsigned()  # idr_pic_id
            self._counts.begin()
        if sequence.count_type == 0:
            self._counts.add(bits.bits(sequence.count_bits), sequence.count_bits, is_reference=is_reference)
        elif sequence.count_type == 2:
            self._counts.add_in_file_order()
        else:
            self._counts.add_unknown()

    def _pair(self, frame_number: int, *, is_field: bool, is_bottom: bool, is_idr: bool) -> None:
        """Note the second field of a frame: the next packet, of the other parity and the same frame number."""
        if is_field and self._last_field == (frame_number, not is_bottom) and not is_idr:
            self._fields.add(len(self._counts.keys))
            self._last_field = None
        else:
            self._last_field = (frame_number, is_bottom) if is_field else None


def _sequence(bits: BitReader) -> tuple[int, _Sequence]:
    """ISO 14496-10, 7.3.2.1.1, as far as it is needed: the set's number and contents."""
    profile = bits.bits(8)
    bits.skip(16)
    number = bits.unsigned()
    separate_planes = False
    if profile in _HIGH_PROFILES:
        chroma = bits.unsigned()
        separate_planes = chroma == 3 and bits.flag()
        bits.unsigned()  # bit depths
        bits.unsigned()
        bits.skip(1)
        if bits.flag():
            _skip_scaling_lists(bits, 12 if chroma == 3 else 8)
    frame_number_bits = bits.unsigned() + 4
    count_type = bits.unsigned()
    count_bits = bits.unsigned() + 4 if count_type == 0 else 0
    if count_type == 1:
        bits.skip(1)
        bits.signed()
        bits.signed()
        for _ in range(bits.unsigned()):
            bits.signed()
    bits.unsigned()  # max_num_ref_frames
    bits.skip(1)
    bits.unsigned()  # width and height in macroblocks
    bits.unsigned()
    return number, _Sequence(frame_number_bits, count_type, count_bits, bits.flag(), separate_planes)


def _skip_scaling_lists(bits: BitReader, count: int) -> None:
    """ISO 14496-10, 7.3.2.1.1.1."""
    for index in range(count):
        if not bits.flag():
            continue
        last = following = 8
        for _ in range(16 if index < 6 else 64):
            if following:
                following = (last + bits.signed()) % 256
            last = following or last
