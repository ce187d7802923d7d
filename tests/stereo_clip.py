"""Clips whose pictures hold two eyes, flagged as recorders and containers do it, or not at all."""

from __future__ import annotations

import struct
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
from shaped_clip import add_to_sample_entry, write_shaped

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

LEVELS = {"left": 60, "right": 160, "top": 60, "bottom": 160}
"""The grey of each half of ``two_eyes``."""


def two_eyes(width: int, height: int, *, above: bool = False) -> Picture:
    """uint8 [height, width, 3] BGR: one grey at the left (or above), another at the right (or below)."""
    image = np.full((height, width, 3), LEVELS["left"], np.uint8)
    if above:
        image[height // 2 :] = LEVELS["bottom"]
    else:
        image[:, width // 2 :] = LEVELS["right"]
    return image


def write_mkv(path: Path, mode: str, size: tuple[int, int] = (128, 64), codec: str = "libx264") -> Path:
    """Matroska's ``StereoMode``, by FFmpeg's word for it."""
    above = "top" in mode
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=25, options={"g": "4"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.metadata["stereo_mode"] = mode
        for place in range(12):
            picture = av.VideoFrame.from_ndarray(two_eyes(*size, above=above), format="bgr24")
            picture.pts, picture.time_base = place, Fraction(1, 25)
            output.mux(stream.encode(picture))
        output.mux(stream.encode())
    return path


def write_h264(path: Path, packing: int, frames: int = 12) -> Path:
    """The frame packing message of H.264 (ITU-T H.264, D.2.26): 3 side by side, 4 one above the other, 5 in turn."""
    image = two_eyes(128, 64, above=packing == 4)
    options = {"x264-params": f"frame-packing={packing}", "g": "4"}
    return write_shaped(path, (128, 64), image=image, frames=frames, options=options)


def write_mp4(path: Path, layout: int, codec: str = "libx264") -> Path:
    """``st3d`` of Google's Spherical Video V2: 1 one above the other, 2 side by side."""
    write_shaped(path, (128, 64), image=two_eyes(128, 64, above=layout == 1), frames=12, codec=codec)
    add_to_sample_entry(path, struct.pack(">I4sIB", 13, b"st3d", 0, layout))
    return path


def write_hevc(path: Path, packing: int) -> Path:
    """The frame packing message of HEVC (ITU-T H.265, D.2.16), put before the first picture of a raw stream."""
    image = two_eyes(128, 64, above=packing == 4)
    write_shaped(path, (128, 64), image=image, frames=12, codec="libx265", options={"x265-params": "log-level=none"})
    # An identifier of 0, no cancelling, the packing, no quincunx sampling, the left eye first, nothing flipped,
    # no grid positions, a reserved byte, persistence, no upsampled aspect ratio.
    bits = "1" + "0" + f"{packing:07b}" + "0" + f"{1:06b}" + "000000" + "0" * 16 + "0" * 8 + "1" + "0"
    bits += "1"  # of rbsp trailing bits within the payload's bytes
    bits += "0" * (-len(bits) % 8)
    payload = int(bits, 2).to_bytes(len(bits) // 8)
    message = b"\x00\x00\x00\x01\x4e\x01" + bytes([45, len(payload)]) + payload + b"\x80"
    data = path.read_bytes()
    first = min(at for kind in (38, 40, 42) if (at := data.find(b"\x00\x00\x01" + bytes([kind]))) > 0)
    path.write_bytes(data[:first].rstrip(b"\x00") + message + b"\x00" + data[first:])
    return path


def write_mpeg2(path: Path, kind: int) -> Path:
    """The stereo message of MPEG-2 (``JP3D`` in the user data of ISO/IEC 13818-2, 6.3.1): 3 side by side, 4 above."""
    image = two_eyes(128, 64, above=kind == 4)
    write_shaped(path, (128, 64), image=image, frames=12, codec="mpeg2video")
    data = path.read_bytes()
    message = b"\x00\x00\x01\xb2" + b"JP3D" + bytes([0x03, 0x80 | kind, 0x04, 0xFF, 0x04])
    at = data.index(b"\x00\x00\x01\x00")
    path.write_bytes(data[:at] + message + data[at:])
    return path
