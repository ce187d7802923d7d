"""Pictures as they came, for recordings without loss: samples of a source in their own layout, or BGR."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np
from av.video.reformatter import ColorRange

from polyplive.pixels.yuv import YuvSamples
from polyplive.sinks.yuv420 import ColourTags, colour_tags
from polyplive.sources.picture.yuv_planes import samples, wide_samples

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polyplive.types import Image

BGR = "bgr24"
_LAYOUTS = {(2, 2): "420", (2, 1): "422", (1, 1): "444"}
_RGB_MATRIX, _SRGB = 0, 13
"""Numbers of ITU-T H.273."""


def pixel_format(picture: Image | YuvSamples) -> str | None:
    """FFmpeg's name of the format that holds ``picture`` without loss; None where H.264 has none."""
    if not isinstance(picture, YuvSamples):
        return BGR
    layout = _LAYOUTS.get((picture.across, picture.down))
    depth = {8: "", 10: "10le"}.get(picture.bits)
    return None if layout is None or depth is None else f"yuv{layout}p{depth}"


def lossless_tags(picture: Image | YuvSamples) -> ColourTags:
    """What a file says of the samples of ``lossless_picture``."""
    if isinstance(picture, YuvSamples):
        return colour_tags(picture)
    return ColourTags(_RGB_MATRIX, 1, _SRGB, is_full=True, chroma_place="center")


def lossless_picture(picture: Image | YuvSamples, form: str, width: int, height: int) -> av.VideoFrame:
    """``picture`` in its own ``pixel_format`` of even sides; its last column and row are repeated. Any thread."""
    made = av.VideoFrame(width, height, form)
    if not isinstance(picture, YuvSamples):
        made.color_range = ColorRange.JPEG
        lines = np.frombuffer(memoryview(made.planes[0]), np.uint8).reshape(height, made.planes[0].line_size)
        _fill(lines[:, : 3 * width].reshape(height, width, 3), picture)
        return made
    made.colorspace, made.color_range = picture.matrix, ColorRange.JPEG if picture.is_full else ColorRange.MPEG
    for plane, given in zip(made.planes, picture.planes, strict=True):
        _fill(samples(plane) if picture.bits == 8 else wide_samples(plane), given)
    return made


def _fill(to: NDArray[np.unsignedinteger], given: NDArray[np.unsignedinteger]) -> None:
    """Write ``given`` [h, w, ...] to the top left of ``to``, and repeat its last column and row."""
    height, width = given.shape[:2]
    to[:height, :width] = given
    to[:height, width:] = given[:, -1:]
    to[height:] = to[height - 1]
