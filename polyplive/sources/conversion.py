"""A decoded picture of any pixel format as BGR bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from av.video.reformatter import Colorspace, Interpolation, VideoReformatter

from polyplive.sources.orientation import Orientation

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

    from polyplive.types import Image

_UNSPECIFIED = 2
_HD_HEIGHT = 720


class BgrConverter:
    """Converts frames to one size, orientation and pixel format. One thread.

    The matrix (BT.601, BT.709, BT.2020) and the range (limited, full) are those that the frame states. Where it
    states no matrix, BT.709 is taken from 720 lines up and BT.601 below, as players do. Samples of more than eight
    bits are rounded to eight. Pixels that are not square are left as they are coded.
    """

    def __init__(self, first: VideoFrame) -> None:
        self._width = first.width
        self._height = first.height
        self._orientation = Orientation.of(first)
        self._reformatter = VideoReformatter()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of every image given: the first frame's, after turning."""
        return self._orientation.size(self._width, self._height)

    def image(self, frame: VideoFrame) -> Image:
        """uint8 [H, W, 3] BGR, C-contiguous; a frame of another size is rescaled to the first frame's."""
        bgr = self._reformatter.reformat(
            frame,
            width=self._width,
            height=self._height,
            format="bgr24",
            src_colorspace=_matrix(frame),
            src_color_range=frame.color_range or None,
            interpolation=Interpolation.BILINEAR,
        )
        return self._orientation.apply(np.ascontiguousarray(bgr.to_ndarray()))


def _matrix(frame: VideoFrame) -> int | None:
    if frame.colorspace != _UNSPECIFIED or frame.format.is_rgb:
        return None
    return int(Colorspace.ITU709 if frame.height >= _HD_HEIGHT else Colorspace.ITU601)
