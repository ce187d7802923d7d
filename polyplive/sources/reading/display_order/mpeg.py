"""The order of pictures of MPEG-1, MPEG-2 and MPEG-4, from a number or a type in each header."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from polyplive.sources.reading.display_order.bits import BitReader

if TYPE_CHECKING:
    from collections.abc import Iterator

_PICTURE = b"\x00\x00\x01\x00"
"""Start code of a picture (ISO 13818-2, 6.2.3); ten bits of temporal_reference follow."""
_REFERENCES = 1024
_OBJECT_PLANE = b"\x00\x00\x01\xb6"
"""Start code of a video object plane (ISO 14496-2, 6.2.5); two bits of its type follow."""
_BIDIRECTIONAL = 2
_OBJECT_LAYER = re.compile(rb"\x00\x00\x01[\x20-\x2f]")
"""Start code of the header of a video object layer (ISO 14496-2, 6.2.3)."""
_LAYER_BYTES = 32
_EXTENDED_ASPECT, _GREY_SHAPE = 15, 3
_LONGEST_NOT_CODED = 19
_SKIPPED = b"\x7f"


class TemporalReferences:
    """MPEG-1 and MPEG-2: a picture says its place in display order, modulo 1024. Implements ``DisplayOrder``."""

    def __init__(self) -> None:
        self._keys: list[int | None] = []
        self._last = 0

    def add(self, data: bytes) -> None:
        """See ``DisplayOrder``."""
        start = data.find(_PICTURE)
        header = data[start + 4 : start + 6]
        if start < 0 or len(header) < 2:
            self._keys.append(None)
            return
        reference = header[0] << 2 | header[1] >> 6
        self._last += (reference - self._last + _REFERENCES // 2) % _REFERENCES - _REFERENCES // 2
        self._keys.append(self._last)

    def keys(self) -> list[int | None]:
        """See ``DisplayOrder``."""
        return self._keys

    def starts(self, places: list[int]) -> list[int]:
        """See ``DisplayOrder``. Each key frame of these codecs has its parameters before it."""
        return places

    def without_picture(self) -> set[int]:
        """See ``DisplayOrder``. FFmpeg gives both fields of a frame in one packet."""
        return set()


class PlaneTypes:
    """MPEG-4: a reference plane is shown when the next one comes, others at once. Implements ``DisplayOrder``.

    In a packed bitstream (DivX, Xvid in AVI) a packet holds two planes. The decoder gives the second one in the place
    of the plane in the next packet, which is not coded. Elsewhere such a plane says that the picture stays.
    """

    def __init__(self, extradata: bytes) -> None:
        self._time_bits = _time_bits(extradata)
        self._packed: int | None = None
        self._empty: set[int] = set()
        self._order: list[int] = []
        self._held: int | None = None
        self._count = 0

    def add(self, data: bytes) -> None:
        """See ``DisplayOrder``."""
        self._time_bits = _time_bits(data) or self._time_bits
        own, packed = [*_plane_types(data), None, None][:2]
        kind = own if self._packed is None else self._packed
        if self._packed is None and self._is_not_coded(data):
            self._empty.add(self._count)
        elif kind == _BIDIRECTIONAL:
            self._order.append(self._count)
        else:
            self._release()
            self._held = self._count
        self._packed = packed
        self._count += 1

    def keys(self) -> list[int | None]:
        """See ``DisplayOrder``."""
        self._release()
        keys: list[int | None] = [None] * self._count
        for key, place in enumerate(self._order):
            keys[place] = key
        return keys

    def starts(self, places: list[int]) -> list[int]:
        """See ``DisplayOrder``. Each key frame of these codecs has its parameters before it."""
        return places

    def without_picture(self) -> set[int]:
        """See ``DisplayOrder``: planes that are not coded, as the picture stays."""
        return self._empty

    def _release(self) -> None:
        if self._held is not None:
            self._order.append(self._held)
            self._held = None

    def _is_not_coded(self, data: bytes) -> bool:
        """Whether the packet's plane is as the one before (ISO 14496-2, 6.2.5); one byte is what encoders wrote once.

        Others are looked at only where they are so short that they can be it.
        """
        if data == _SKIPPED:
            return True
        start = data.find(_OBJECT_PLANE)
        if start < 0 or len(data) > _LONGEST_NOT_CODED or self._time_bits is None:
            return False
        bits = BitReader(data[start + 4 :], escaped=False)
        try:
            bits.skip(2)
            while bits.flag():
                pass  # modulo_time_base
            bits.skip(1 + self._time_bits + 1)
            return not bits.flag()
        except IndexError:
            return False


def _plane_types(data: bytes) -> Iterator[int]:
    """The type of each plane in a packet."""
    start = data.find(_OBJECT_PLANE)
    while 0 <= start < len(data) - 4:
        yield data[start + 4] >> 6
        start = data.find(_OBJECT_PLANE, start + 4)


def _time_bits(data: bytes) -> int | None:
    """The bits of a plane's time, from the header of its layer (ISO 14496-2, 6.2.3); None where there is none."""
    found = _OBJECT_LAYER.search(data)
    if found is None:
        return None
    bits = BitReader(data[found.end() : found.end() + _LAYER_BYTES], escaped=False)
    try:
        bits.skip(1 + 8)  # random_accessible_vol, video_object_type_indication
        version = bits.bits(7) >> 3 if bits.flag() else 1
        if bits.bits(4) == _EXTENDED_ASPECT:
            bits.skip(16)
        if bits.flag():  # vol_control_parameters
            bits.skip(3)
            bits.skip(79 * bits.flag())
        if bits.bits(2) == _GREY_SHAPE and version != 1:
            bits.skip(4)
        bits.skip(1)
        return max(1, (bits.bits(16) - 1).bit_length())
    except IndexError:
        return None
