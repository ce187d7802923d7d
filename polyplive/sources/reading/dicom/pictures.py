"""The pictures of a DICOM file, each as the bytes of a file that FFmpeg decodes in the right colours (PS3.5, 8.2)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, BinaryIO

from polyplive.sources.reading.dicom.elements import Refused
from polyplive.sources.reading.dicom.jpeg import MARK_OF_RGB, jpeg_kind
from polyplive.sources.reading.dicom.tiff import Colours, Compression, Layout, tiff_header
from polyplive.sources.reading.pieces import Piece, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polyplive.sources.reading.dicom.header import Header

EXPORT = "Export it as video or as JPEG."

_RGB = frozenset({"", "MONOCHROME2", "RGB"})
_RGB_OF_JPEG_2000 = _RGB | {"YBR_RCT", "YBR_ICT"}
_LAYOUTS = {
    ("MONOCHROME2", 0): (Colours.GREY, 1),
    ("MONOCHROME2", 1): (Colours.GREY, 1),
    ("RGB", 0): (Colours.RGB, 1),
    ("RGB", 1): (Colours.RGB, 1),
    ("YBR_FULL", 0): (Colours.YCBCR, 1),
    ("YBR_FULL_422", 0): (Colours.YCBCR, 2),
}
"""The colours and the subsampling of pictures that are not compressed, by photometric interpretation and planes."""
_NOT_OF_JPEG = frozenset({"MONOCHROME1", "PALETTE COLOR"})
_KNOWN = frozenset({name for name, _ in _LAYOUTS}) | _RGB_OF_JPEG_2000 | _NOT_OF_JPEG
_MARKERS = 1 << 16
_RLE_HEADER = 64
_SOI = 2


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures that one codec of QuickTime's four letters decodes; ``full_range`` as for ``movie_head``."""

    codec: bytes
    frames: list[list[Piece]]
    full_range: bool = False


def jpeg_pictures(file: BinaryIO, header: Header, frames: Sequence[Sequence[Span]]) -> Pictures:
    """JPEG and JPEG-LS. Raises ``OSError``, and ``Refused`` for colours that FFmpeg would take for others."""
    if header.photometric in _NOT_OF_JPEG:
        raise _unsupported(header)
    first = frames[0][0]
    file.seek(first.offset)
    kind = jpeg_kind(file.read(min(first.size, _MARKERS)))
    if kind.is_ls or kind.is_lossless:
        _check_colours(header, _RGB)
        return Pictures(b"MJLS" if kind.is_ls else b"jpeg", [list(frame) for frame in frames])
    if header.photometric == "RGB" and not kind.tells_colours:
        return Pictures(b"jpeg", [_marked_as_rgb(frame) for frame in frames])
    return Pictures(b"jpeg", [list(frame) for frame in frames])


def _marked_as_rgb(frame: Sequence[Span]) -> list[Piece]:
    first, *others = frame
    soi = Span(first.offset, min(_SOI, first.size))
    return [soi, MARK_OF_RGB, Span(first.offset + soi.size, first.size - soi.size), *others]


def jpeg_2000_pictures(header: Header, frames: Sequence[Sequence[Span]]) -> Pictures:
    """JPEG 2000, which tells itself how its colours are transformed. Raises ``Refused`` for YCbCr without that."""
    _check_colours(header, _RGB_OF_JPEG_2000)
    return Pictures(b"mjp2", [list(frame) for frame in frames])


def native_layout(header: Header) -> Layout:
    """How a frame that is not compressed lies in memory. Raises ``Refused`` where FFmpeg has no such layout."""
    found = _LAYOUTS.get((header.photometric, header.planar))
    if found is None or header.bits_allocated != 8 or not header.rows or not header.columns:
        raise _unsupported(header)
    colours, subsampling = found
    if header.samples != (1 if colours is Colours.GREY else 3) or header.columns % subsampling:
        raise _unsupported(header)
    planar = header.planar == 1 and colours is Colours.RGB
    return Layout(header.columns, header.rows, colours, planar=planar, subsampling=subsampling)


def native_pictures(header: Header, frames: Sequence[Sequence[Span]]) -> Pictures:
    """Pictures that are not compressed, of 8 bits a sample. Raises ``Refused``."""
    layout = native_layout(header)
    strips = 3 if layout.planar else 1
    head = tiff_header(layout, [layout.frame_bytes // strips] * strips)
    return Pictures(b"tiff", [[head, *frame] for frame in frames], layout.colours is Colours.YCBCR)


def rle_pictures(file: BinaryIO, header: Header, frames: Sequence[Sequence[Span]]) -> Pictures:
    """Run-length coded pictures (PS3.5, annex G) of 8 bits a sample. Raises ``OSError`` and ``Refused``."""
    _check_colours(header, _RGB - {""})
    plain = native_layout(header)
    layout = replace(plain, planar=plain.samples > 1, compression=Compression.PACK_BITS)
    return Pictures(b"tiff", [_unpacked(file, layout, frame) for frame in frames])


def _unpacked(file: BinaryIO, layout: Layout, frame: Sequence[Span]) -> list[Piece]:
    """One run-length coded frame as TIFF; as it is where its table is damaged, which the decoder then refuses."""
    first, *others = frame
    file.seek(first.offset)
    read = file.read(min(first.size, _RLE_HEADER))
    numbers = [int.from_bytes(read[place : place + 4], "little") for place in range(0, len(read), 4)]
    segments, starts = numbers[:1], numbers[1 : 1 + layout.samples]
    strips = [after - before for before, after in pairwise([*starts, sum(span.size for span in frame)])]
    if segments != [layout.samples] or starts[:1] != [_RLE_HEADER] or min(strips) < 0:
        return list(frame)
    return [tiff_header(layout, strips), Span(first.offset + _RLE_HEADER, first.size - _RLE_HEADER), *others]


def _check_colours(header: Header, allowed: frozenset[str]) -> None:
    if header.photometric not in allowed:
        raise _unsupported(header)


def _unsupported(header: Header) -> Refused:
    # A damaged header may hold anything in the place of a name.
    colours = header.photometric if header.photometric in _KNOWN - {""} else "unknown colours"
    planes = ", in planes" if header.planar else ""
    what = f"{colours}{planes}, {header.samples} x {header.bits_allocated} bits"
    return Refused(f"holds DICOM pictures of a kind that is not supported ({what})", EXPORT)
