"""Reads single data elements of a DICOM file, and steps over all others without reading their values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

UNDEFINED = 0xFFFFFFFF
"""The length of a value that ends with a delimiter."""

ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
PIXELS = frozenset({0x7FE00010, 0x7FE00008, 0x7FE00009})
"""Pixel data as integers or fragments, as floats, as doubles."""

_LONG_VRS = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
_CHARACTER_SET = 0x00080005  # pydicom reads and translates it, although no text is wanted here
_META_GROUP = 2
_DEEPEST = 32
_MOST_READS = 300_000


class Damaged(Exception):
    """The file breaks the rules of PS3.5 in a way that it cannot be read on."""


class Refused(Exception):
    """The file is whole, but cannot be played. ``hint`` says what to do."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class PixelElement:
    """Where the pixels lie: the ``offset`` of the value in the file, its ``length`` in bytes, None for fragments."""

    tag: int
    offset: int
    length: int | None


class _MeteredFile:
    """A file whose reader gives up after so many reads as no header needs: zeros are endless elements."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = _MOST_READS
        self.seek = file.seek
        self.tell = file.tell

    def read(self, size: int) -> bytes:
        self._left -= 1
        if self._left < 0:
            raise Damaged
        return self._file.read(size)


class _Stop:
    """Tells pydicom's reader where to stop: at the pixels, and at whatever it would read although it is not wanted."""

    def __init__(self, most: dict[int, int], *, meta: bool) -> None:
        self._most = most
        self._meta = meta
        self.tag: int | None = None
        self.vr = b""
        self.length = 0

    def __call__(self, tag: int, vr: str | None, length: int) -> bool:
        if self._meta and tag >> 16 != _META_GROUP:
            return True
        unwanted = length == UNDEFINED or tag == _CHARACTER_SET or length > self._most.get(tag, length)
        if tag in PIXELS or unwanted:
            self.tag, self.vr, self.length = int(tag), (vr or "").encode(), length
            return True
        return False


def read_elements(
    file: BinaryIO, most: dict[int, int], *, implicit: bool, meta: bool = False
) -> tuple[dict[int, bytes], PixelElement | None]:
    """The values of the elements in ``most`` from the present position on, as they are in the file, and the pixels.

    ``most`` has the bytes that a value may have at most; a longer one is taken for damage and left out. No other value
    is read. ``implicit`` elements have no VR; the order of bytes is little endian. With ``meta`` it ends behind the
    meta information. Otherwise it ends at the pixels, None where the file has none. Needs pydicom. Raises ``Damaged``,
    and what pydicom raises for damage.
    """
    from pydicom.filereader import data_element_generator

    metered = cast("BinaryIO", _MeteredFile(file))
    values: dict[int, bytes] = {}
    while True:
        stop = _Stop(most, meta=meta)
        found = data_element_generator(metered, implicit, True, stop_when=stop, specific_tags=list(most))
        values.update((int(element.tag), bytes(element.value or b"")) for element in found)
        if stop.tag is None:
            return values, None
        file.seek(12 if stop.vr in _LONG_VRS else 8, 1)
        if stop.tag in PIXELS:
            length = None if stop.length == UNDEFINED else stop.length
            return values, PixelElement(stop.tag, file.tell(), length)
        if stop.length == UNDEFINED:
            _step_over_items(metered, implicit=implicit or stop.vr == b"UN", depth=0)
        else:
            file.seek(stop.length, 1)


def item_headers(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """The tag and length of the item or delimiter at the present position, again and again until the file's end.

    The caller moves the file on to the next one.
    """
    while len(read := file.read(8)) == 8:
        yield _tag(read), int.from_bytes(read[4:], "little")


def _tag(read: bytes) -> int:
    return int.from_bytes(read[:2], "little") << 16 | int.from_bytes(read[2:4], "little")


def _step_over_items(file: BinaryIO, *, implicit: bool, depth: int) -> None:
    """Step over the items of a sequence of undefined length, up to its end."""
    for tag, length in item_headers(file):
        if tag == SEQUENCE_END:
            return
        if tag != ITEM or depth > _DEEPEST:
            break
        if length == UNDEFINED:
            _step_over_elements(file, implicit=implicit, depth=depth)
        else:
            file.seek(length, 1)
    raise Damaged


def _step_over_elements(file: BinaryIO, *, implicit: bool, depth: int) -> None:
    """Step over the elements of an item of undefined length, up to its end."""
    while len(read := file.read(8)) == 8:
        if _tag(read) == ITEM_END:
            return
        vr = b"" if implicit else read[4:6]
        if implicit:
            length = int.from_bytes(read[4:], "little")
        elif vr in _LONG_VRS:
            length = int.from_bytes(file.read(4), "little")
        else:
            length = int.from_bytes(read[6:], "little")
        if length == UNDEFINED:
            _step_over_items(file, implicit=implicit or vr == b"UN", depth=depth + 1)
        else:
            file.seek(length, 1)
    raise Damaged
