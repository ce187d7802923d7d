"""The part of a coded picture that its container shows."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import av
import numpy as np

from polyplive.sources.av_errors import AV_ERRORS
from polyplive.sources.ebml import content_of

if TYPE_CHECKING:
    from av.video.stream import VideoStream

    from polyplive.types import Image

_CONTAINERS = ("matroska", "mov")
"""Demuxers of containers that have a rectangle of their own, in the names that FFmpeg gives them."""

_SEGMENT, _TRACKS, _TRACK, _VIDEO = b"\x18\x53\x80\x67", b"\x16\x54\xae\x6b", b"\xae", b"\xe0"
_LEFT, _TOP, _RIGHT, _BOTTOM = b"\x54\xcc", b"\x54\xbb", b"\x54\xdd", b"\x54\xaa"
"""Elements of Matroska (RFC 9559, 5.1.4)."""

_TO_ENTRIES = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
"""Boxes of MOV (ISO 14496-12)."""


@dataclass(frozen=True, slots=True)
class Cropping:
    """How many columns and rows at each side of a decoded picture are not shown."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0

    @classmethod
    def of(cls, stream: VideoStream) -> Cropping:
        """What the container of an opened ``stream`` says: ``PixelCrop...`` in Matroska, ``clap`` in MP4 and MOV.

        A codec's own rectangle is not meant: its decoder has applied that.
        """
        if not any(name in stream.container.format.name for name in _CONTAINERS):
            return cls()
        for form, read in (("matroska", cls._of_matroska), ("mov", cls._of_mov)):
            try:
                return read(_header(stream, form))
            except AV_ERRORS:  # a codec that this container does not hold
                continue
        return cls()

    @classmethod
    def _of_matroska(cls, header: bytes) -> Cropping:
        video = header
        for kind in (_SEGMENT, _TRACKS, _TRACK, _VIDEO):
            video = content_of(video, kind)
        return cls(*(int.from_bytes(content_of(video, side)) for side in (_LEFT, _TOP, _RIGHT, _BOTTOM)))

    @classmethod
    def _of_mov(cls, header: bytes) -> Cropping:
        for box in _TO_ENTRIES:
            header = _boxes(header).get(box, b"")
        (entry,) = _boxes(header[8:]).values()
        aperture = _boxes(entry[78:]).get(b"clap")
        if aperture is None:
            return cls()
        width, _, height, _, across, half_across, down, half_down = struct.unpack(">2I2I2i2i", aperture[:32])
        whole_width, whole_height = struct.unpack(">2H", entry[24:28])
        beside, above = whole_width - width, whole_height - height
        left, top = (beside + 2 * across // half_across) // 2, (above + 2 * down // half_down) // 2
        return cls(left, top, beside - left, above - top)

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the shown part of a picture of that size."""
        left = width - self.left - self.right, height - self.top - self.bottom
        return left if min(left) > 0 else (width, height)

    def apply(self, image: Image) -> Image:
        """The shown part of uint8 [H, W, 3], contiguous; the same array where all of it is shown.

        A picture that is too small for it is shown whole: it is none of those that the container means.
        """
        height, width = image.shape[:2]
        shown_width, shown_height = self.size(width, height)
        if (shown_width, shown_height) == (width, height):
            return image
        return np.ascontiguousarray(image[self.top : self.top + shown_height, self.left : self.left + shown_width])


def _header(stream: VideoStream, form: str) -> bytes:
    """A file of container ``form`` without frames, with the header of ``stream``. Raises ``AV_ERRORS``.

    FFmpeg reads the rectangle as side data of the stream. PyAV does not give that out, but copies it to a new file.
    """
    file = io.BytesIO()
    with av.open(file, "w", format=form, options={"movflags": "empty_moov"} if form == "mov" else {}) as output:
        output.add_stream_from_template(stream, opaque=True)  # with its decoder: not every codec has an encoder
        output.start_encoding()
    return file.getvalue()


def _boxes(data: bytes) -> dict[bytes, bytes]:
    """The contents of the boxes that follow one another in ``data``, by their type."""
    found: dict[bytes, bytes] = {}
    at = 0
    while at + 8 <= len(data):
        size = max(int.from_bytes(data[at : at + 4]), 8)
        found.setdefault(data[at + 4 : at + 8], data[at + 8 : at + size])
        at += size
    return found
