"""What a DICOM file's header says about its pictures: technical elements only, nothing of the patient."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, BinaryIO

from polyplive.sources.reading.dicom.elements import read_elements
from polyplive.sources.reading.dicom.timing import (
    CINE_RATE,
    DISPLAY_RATE,
    FRAME_TIME,
    FRAME_TIME_VECTOR,
    frame_times,
    number,
)

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.sources.reading.dicom.elements import PixelElement
    from polyplive.sources.reading.dicom.timing import FrameTimes

_PREAMBLE = 128
_MAGIC = b"DICM"
_META_START = b"\2\0\0\0UL\4\0"
_FIRST_ELEMENTS = frozenset(range(0x00080000, 0x00080019))
"""What a data set begins with: its group's length, the character set, the image's type, dates, the class."""
_SUFFIXES = frozenset({".dcm", ".dicom"})

_TRANSFER_SYNTAX, _SOP_CLASS, _BURNED_IN, _OFFSETS = 0x00020010, 0x00080016, 0x00280301, 0x7FE00001
_SAMPLES, _PHOTOMETRIC, _PLANAR, _FRAMES, _FRAME_INCREMENT = 0x00280002, 0x00280004, 0x00280006, 0x00280008, 0x00280009
_ROWS, _COLUMNS, _ASPECT, _BITS_ALLOCATED = 0x00280010, 0x00280011, 0x00280034, 0x00280100
_TIMES = (FRAME_TIME, FRAME_TIME_VECTOR, CINE_RATE, DISPLAY_RATE)
_SHORT, _LONG = 256, 16 << 20
_FLATTEST = Fraction(1, 10)
_MOST_FRAMES = 2**31 - 1
_MOST_BYTES = {
    **dict.fromkeys((_SOP_CLASS, _BURNED_IN, *_TIMES), _SHORT),
    **dict.fromkeys((_SAMPLES, _PHOTOMETRIC, _PLANAR, _FRAMES, _FRAME_INCREMENT), _SHORT),
    **dict.fromkeys((_ROWS, _COLUMNS, _ASPECT, _BITS_ALLOCATED), _SHORT),
    **dict.fromkeys((FRAME_TIME_VECTOR, _OFFSETS), _LONG),
}
"""The elements that are read, and the longest value of each in bytes."""


@dataclass(frozen=True, slots=True)
class Header:
    """The header's technical elements; 0 or empty where there is none.

    ``syntax`` and ``sop_class`` are UIDs: how the pixels are coded, and what kind of object it is. ``samples`` are
    those of a pixel, ``planar`` is 1 where each colour lies by itself. ``frames`` is at least 1. ``aspect`` is the
    width of a pixel by its height, None where the header does not say or says that they are square. ``offsets`` is the
    extended offset table. ``pixels`` is None where the file holds none.
    """

    syntax: str
    sop_class: str
    samples: int
    photometric: str
    planar: int
    frames: int
    rows: int
    columns: int
    bits_allocated: int
    aspect: Fraction | None
    burned_in: bool
    times: FrameTimes
    offsets: bytes
    pixels: PixelElement | None


def data_set_start(path: Path) -> int | None:
    """Where the elements of a DICOM file begin, in bytes; None for any other file.

    A DICOM file is known by the letters DICM at byte 128. A file without them is taken for one where it begins as only
    DICOM does; without VRs that is too little to be sure, so there the name has to end in .dcm as well. Raises
    ``OSError``.
    """
    with path.open("rb", buffering=0) as file:
        start = file.read(_PREAMBLE + len(_MAGIC))
    if start[_PREAMBLE:] == _MAGIC:
        return _PREAMBLE + len(_MAGIC)
    if start.startswith(_META_START):
        return 0
    begins = _integer(start) << 16 | _integer(start[2:]) in _FIRST_ELEMENTS
    is_named = path.suffix.lower() in _SUFFIXES and int.from_bytes(start[4:8], "little") <= _SHORT
    return 0 if begins and (_is_vr(start[4:6]) or is_named) else None


def read_transfer_syntax(file: BinaryIO, start: int) -> str:
    """The UID of how a DICOM file's elements and pixels are coded; empty where the file does not say.

    The elements begin at ``start``. After that the file stands at the data set. Raises as ``read_header``.
    """
    file.seek(start)
    meta, _ = read_elements(file, {_TRANSFER_SYNTAX: _SHORT}, implicit=False, meta=True)
    return _text(meta, _TRANSFER_SYNTAX)


def read_header(file: BinaryIO, syntax: str) -> Header:
    """Read the data set that begins at the file's position, and is coded as ``syntax`` says. Needs pydicom.

    ``file`` should not be buffered: then the values of other elements never enter this process. Raises ``OSError``,
    ``Damaged``, and what pydicom raises for damage; texts of those may hold what the file holds.
    """
    begin = file.tell()
    vr = file.read(6)[4:]
    file.seek(begin)
    values, pixels = read_elements(file, _MOST_BYTES, implicit=not _is_vr(vr))
    frames = min(max(1, int(number(_text(values, _FRAMES)) or 1)), _MOST_FRAMES)
    increment = values.get(_FRAME_INCREMENT, b"")
    pointer = _integer(increment[:2]) << 16 | _integer(increment[2:4])
    return Header(
        syntax=syntax,
        sop_class=_text(values, _SOP_CLASS),
        samples=_integer(values.get(_SAMPLES, b"")),
        photometric=_text(values, _PHOTOMETRIC),
        planar=_integer(values.get(_PLANAR, b"")),
        frames=frames,
        rows=_integer(values.get(_ROWS, b"")),
        columns=_integer(values.get(_COLUMNS, b"")),
        bits_allocated=_integer(values.get(_BITS_ALLOCATED, b"")),
        aspect=_aspect(_text(values, _ASPECT)),
        burned_in=_text(values, _BURNED_IN) == "YES",
        times=frame_times(frames, pointer, {tag: _text(values, tag) for tag in _TIMES}),
        offsets=values.get(_OFFSETS, b""),
        pixels=pixels,
    )


def _is_vr(letters: bytes) -> bool:
    return len(letters) == 2 and letters.isalpha() and letters.isupper()


def _text(values: dict[int, bytes], tag: int) -> str:
    return values.get(tag, b"").decode("ascii", "ignore").strip(" \0\r\n\t")


def _integer(value: bytes) -> int:
    """An unsigned short; 0 where it is empty."""
    return int.from_bytes(value[:2], "little")


def _aspect(text: str) -> Fraction | None:
    """Of the height and the width of a pixel (PS3.3, C.7.6.3.1.7), the width by the height."""
    height, _, width = text.partition("\\")
    high, wide = number(height), number(width)
    if not high or not wide or high == wide or not _FLATTEST < wide / high < 1 / _FLATTEST:
        return None
    return (wide / high).limit_denominator(10_000)
