"""The planes of a decoded frame as arrays."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from polyplive.pixels.yuv import YuvSamples

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from av.video.plane import VideoPlane
    from numpy.typing import NDArray

_PLANES = re.compile(r"yuvj?(420|422|444)p((?P<bits>9|10|12|14|16)le)?")
"""FFmpeg's names of frames of three planes."""


def yuv_samples(
    frame: VideoFrame, matrix: int, *, is_full: bool, is_centred: bool, copied: bool = False
) -> YuvSamples | None:
    """The samples of a frame of planes, of 8 to 16 bits; None for another layout. Any thread.

    They lie in the frame's own memory, which they keep, unless ``copied``. ``matrix`` is FFmpeg's number. Primaries and
    transfer are those that the frame states.
    """
    layout = _PLANES.fullmatch(frame.format.name)
    if layout is None:
        return None
    bits = int(layout["bits"] or 8)
    views = [samples(plane) if bits == 8 else wide_samples(plane) for plane in frame.planes]
    luma, cb, cr = (view.copy() for view in views) if copied else views
    return YuvSamples(luma, cb, cr, matrix, frame.color_primaries, frame.color_trc, is_full, is_centred, bits)


def wide_samples(plane: VideoPlane) -> NDArray[np.uint16]:
    """uint16 [h, w]: the samples of ``plane``, of more than eight bits each; its own, also to be written."""
    lines = np.frombuffer(memoryview(plane), "<u2").reshape(plane.height, plane.line_size // 2)
    return lines[:, : plane.width]


def samples(plane: VideoPlane) -> NDArray[np.uint8]:
    """uint8 [h, w]: the samples of ``plane``, of eight bits, from the top. Any thread.

    They are the plane's own, also to be written; a copy only where it lies upside down.
    """
    stride = plane.line_size
    lines = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, abs(stride))[:, : plane.width]
    return lines if stride > 0 else np.ascontiguousarray(lines[::-1])
