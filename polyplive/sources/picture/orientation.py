"""Turns a recorded picture as the container's display matrix says."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2

from polyplive.sources.picture.side_data import side_data

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

    from polyplive.types import Image

_MATRIX_BYTES = 36
_ALIGNED = 100


@dataclass(frozen=True, slots=True)
class Orientation:
    """Transpose first (swap rows and columns), then mirror left to right, then top to bottom: all eight cases."""

    transpose: bool = False
    mirror_x: bool = False
    mirror_y: bool = False

    @classmethod
    def from_matrix(cls, matrix: bytes) -> Orientation:
        """The orientation of a display matrix: nine native int32, ``a b u c d v x y w``, 16.16 fixed point.

        FFmpeg's ``libavutil/display.h`` defines it: a point (p, q) of the coded picture is shown at
        (a p + c q, b p + d q). A matrix that is not a quarter turn or a flip (a slight tilt) is ignored: resampling
        would change pixels.
        """
        if len(matrix) < _MATRIX_BYTES:
            return cls()
        a, b, _, c, d, _, _, _, _ = struct.unpack("=9i", matrix[:_MATRIX_BYTES])
        for x, y, others, transpose in ((a, d, (b, c), False), (c, b, (a, d), True)):
            if min(abs(x), abs(y)) > _ALIGNED * max(abs(others[0]), abs(others[1])):
                return cls(transpose, x < 0, y < 0)
        return cls()

    @classmethod
    def of(cls, frame: VideoFrame) -> Orientation:
        """The orientation of a decoded frame; no change if it carries none."""
        matrix = side_data(frame, "DISPLAYMATRIX")
        # Without a matrix the angle is 0, unless PyAV cannot list what is beside the frame: it gives the angle alone.
        return cls.from_matrix(matrix) if matrix else _QUARTER_TURNS.get(frame.rotation % 360, cls())

    def apply(self, image: Image) -> Image:
        """The picture as it is meant to be seen: uint8 [H, W, 3], contiguous; the same array when nothing turns."""
        if self.transpose:
            image = cv2.transpose(image)
        if self.mirror_x or self.mirror_y:
            code = -1 if self.mirror_x and self.mirror_y else (1 if self.mirror_x else 0)
            image = cv2.flip(image, code)
        return image


_QUARTER_TURNS = {
    90: Orientation(transpose=True, mirror_y=True),
    180: Orientation(mirror_x=True, mirror_y=True),
    270: Orientation(transpose=True, mirror_x=True),
}
"""By the angle to turn against the clock, in degrees. An angle does not say that a picture is mirrored as well."""
