"""Clips whose container or codec says what shape pixels have and which part of a picture is shown."""

from __future__ import annotations

import struct
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
from av.bitstream import BitStreamFilterContext

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

FPS = 25


def columns(width: int, height: int) -> NDArray[np.uint8]:
    """uint8 [height, width, 3] BGR: brightness rises from left to right, and a little from top to bottom."""
    across, down = np.meshgrid(np.linspace(20, 200, width), np.linspace(0, 40, height))
    return np.repeat((across + down).astype(np.uint8)[..., None], 3, axis=2)


def write_shaped(
    path: Path,
    size: tuple[int, int] = (96, 64),
    aspect: Fraction | None = None,
    frames: int = 3,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    rotation: float | None = None,
    image: NDArray[np.uint8] | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """Encode ``frames`` pictures of ``size`` (width, height), with ``aspect`` in the codec's header, and return path.

    ``rotation`` (degrees, counter-clockwise) goes into the container.
    """
    quality = {"qp": "2"} if codec == "libx264" else {"x265-params": "log-level=none"} if codec == "libx265" else {}
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=FPS, options={**quality, **(options or {})})
        stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if rotation is not None:
            stream.set_display_rotation(rotation)
        for place in range(frames):
            picture = av.VideoFrame.from_ndarray(columns(*size) if image is None else image, format="bgr24")
            picture = picture.reformat(format=pix_fmt)
            picture.pts, picture.time_base = place, Fraction(1, FPS)
            output.mux(stream.encode(picture))
        output.mux(stream.encode())
    return path


def remux(source: Path, path: Path, filters: str = "null") -> Path:
    """Write the packets of ``source`` to ``path``, through FFmpeg's bitstream ``filters``, and return it."""
    with av.open(str(source)) as opened, av.open(str(path), "w") as output:
        video = opened.streams.video[0]
        stream = output.add_stream_from_template(video)
        bits = BitStreamFilterContext(filters, video)
        for packet in opened.demux(video):
            for each in bits.filter(packet if packet.size else None):
                each.stream = stream
                output.mux(each)
    return path


def set_pixel_aspect(path: Path, across: int, down: int) -> None:
    """Write the shape of pixels into the ``pasp`` of an MP4 file (ISO 14496-12, 12.1.4)."""
    data = bytearray(path.read_bytes())
    at = data.index(b"pasp") + 4
    data[at : at + 8] = struct.pack(">2I", across, down)
    path.write_bytes(data)


def set_track_size(path: Path, width: int, height: int) -> None:
    """Write the size of the track into the ``tkhd`` of an MP4 file (ISO 14496-12, 8.3.2)."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 80
    data[at : at + 8] = struct.pack(">2I", width << 16, height << 16)
    path.write_bytes(data)


def add_clean_aperture(path: Path, coded: tuple[int, int], sides: Sequence[int]) -> None:
    """Give an MP4 file whose ``moov`` comes last a ``clap`` (ISO 14496-12, 12.1.4).

    ``coded`` is the size of its pictures, ``sides`` what is not shown at the left, top, right and bottom.
    """
    left, top, right, bottom = sides
    shown = coded[0] - left - right, coded[1] - top - bottom
    values = (shown[0], 1, shown[1], 1, left - right, 2, top - bottom, 2)
    add_to_sample_entry(path, struct.pack(">I4s8i", 40, b"clap", *values))


def add_to_sample_entry(path: Path, box: bytes) -> None:
    """Put ``box`` behind the last one that describes the pictures of an MP4 file whose ``moov`` comes last."""
    data = bytearray(path.read_bytes())
    at, end, entry = 0, len(data), 0
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b""):
        while name and data[at + 4 : at + 8] != name:
            at += int.from_bytes(data[at : at + 4])
            assert at < end
        size = int.from_bytes(data[at : at + 4])
        data[at : at + 4] = (size + len(box)).to_bytes(4)
        entry = at + size
        at += 16 if name == b"stsd" else 8
    data[entry:entry] = box
    path.write_bytes(data)


def set_display_size(path: Path, width: int, height: int, unit: int) -> None:
    """Write ``DisplayWidth``, ``DisplayHeight`` and ``DisplayUnit`` (RFC 9559, 5.1.4.1.28) into an MKV file of H.264.

    They take the room of the ``Void`` that the muxer leaves behind the track's settings, so that nothing else moves.
    """
    data = path.read_bytes()
    end = data.index(bytes.fromhex("54b28104")) + 4
    size_at = data.rindex(b"\xe0", 0, end) + 1
    void = data.index(bytes.fromhex("ec01000000000000020000"), end)
    assert size_at + 1 + data[size_at] - 0x80 == end, "the unit is the last of the video's settings"
    sizes = b"\x54\xb0\x83" + width.to_bytes(3) + b"\x54\xba\x82" + height.to_bytes(2)
    video = bytes([data[size_at] + len(sizes)]) + data[size_at + 1 : end - 1] + bytes([unit]) + sizes
    path.write_bytes(data[:size_at] + video + data[end:void] + data[void + len(sizes) :])
    assert path.stat().st_size == len(data)
