"""Makes a video of a DICOM file's pixels: the stream that they hold, or a QuickTime file of their pictures."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO

from polyplive.sources.reading.dicom.elements import Refused
from polyplive.sources.reading.dicom.fragments import (
    JPEG,
    JPEG_2000,
    Fragments,
    find_fragments,
    group_by_frame,
    split_jpegs,
)
from polyplive.sources.reading.dicom.movie import movie_head
from polyplive.sources.reading.dicom.pictures import (
    Pictures,
    jpeg_2000_pictures,
    jpeg_pictures,
    native_layout,
    native_pictures,
    rle_pictures,
)
from polyplive.sources.reading.pieces import Piece, Span, size_of

if TYPE_CHECKING:
    from polyplive.sources.reading.dicom.header import Header

_RLE, _NATIVE_IN_FRAGMENTS = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.1.98"
_NATIVE = frozenset({"", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"})
_COLOURS_OF_VIDEO = "YBR_PARTIAL_420"
_STREAMS = (*JPEG, *JPEG_2000, b"\0\0\1", b"\0\0\0\1")
_LONGEST_SIGNATURE = max(len(signature) for signature in (*JPEG, *JPEG_2000))


@dataclass(frozen=True, slots=True)
class Video:
    """What FFmpeg reads: pieces of the DICOM file and bytes of our own. ``format`` and ``frames`` as in ``Medium``."""

    pieces: list[Piece]
    format: str | None = None
    frames: int | None = None


def video_of(file: BinaryIO, header: Header, file_size: int) -> Video:
    """The video in the pixels of a DICOM ``file`` of ``file_size`` bytes.

    What the pixels begin with says what they are; where it does not, the header does. Nothing but tables and first
    bytes is read. Raises ``OSError``, ``Damaged``, and ``Refused`` for what cannot be played.
    """
    assert header.pixels is not None
    at, length = header.pixels.offset, header.pixels.length
    if length is None:
        fragments = find_fragments(file, at, file_size, header.frames)
    else:
        fragments = Fragments([Span(at, min(length, file_size - at))], b"")
    whole = [span for span in fragments.spans if span.size]
    if not whole:
        raise Refused("is DICOM whose pixel data are empty or cut off", "Export or copy it again.")
    file.seek(whole[0].offset)
    start = file.read(min(whole[0].size, _LONGEST_SIGNATURE))
    if length is not None and _is_native(header, length, start):
        return _movie(header, native_pictures(header, _native_frames(header, whole[0])))
    if start.startswith(JPEG):
        frames = group_by_frame(file, fragments, header.offsets, header.frames, JPEG)
        if len(fragments.spans) == 1 < header.frames:
            frames = [[span] for span in split_jpegs(file, whole[0])]
        return _movie(header, jpeg_pictures(file, header, frames))
    if start.startswith(JPEG_2000):
        frames = group_by_frame(file, fragments, header.offsets, header.frames, JPEG_2000)
        return _movie(header, jpeg_2000_pictures(header, frames))
    if header.syntax in (_RLE, _NATIVE_IN_FRAGMENTS):
        frames = group_by_frame(file, fragments, header.offsets, header.frames)
        found = rle_pictures(file, header, frames) if header.syntax == _RLE else native_pictures(header, frames)
        return _movie(header, found)
    return Video(list(whole))


def _is_native(header: Header, length: int, start: bytes) -> bool:
    """Whether pixel data of defined ``length`` that begin with ``start`` are pictures that are not compressed."""
    if header.syntax not in _NATIVE or header.photometric == _COLOURS_OF_VIDEO:
        return False
    if not start.startswith(_STREAMS) and start[4:8] != b"ftyp":
        return True
    return length - native_layout(header).frame_bytes * header.frames in (0, 1)


def _native_frames(header: Header, there: Span) -> list[list[Span]]:
    size = native_layout(header).frame_bytes
    frames = min(there.size // size, header.frames)
    if not frames:
        raise Refused("is DICOM whose pixel data are empty or cut off", "Export or copy it again.")
    return [[Span(there.offset + size * number, size)] for number in range(frames)]


def _movie(header: Header, pictures: Pictures) -> Video:
    sizes = [sum(map(size_of, frame)) for frame in pictures.frames]
    head = movie_head(pictures.codec, sizes, header.times, full_range=pictures.full_range)
    return Video([head, *chain.from_iterable(pictures.frames)], "mov", header.frames)
