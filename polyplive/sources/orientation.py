"""How a recorded picture has to be turned before it is shown: the container's display matrix."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import cv2

if TYPE_CHECKING:
    from av.buffer import Buffer
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
        """The orientation that a decoded frame carries; the usual one where it carries none."""
        data = cast("Buffer | None", frame.side_data.get("DISPLAYMATRIX"))
        return cls() if data is None else cls.from_matrix(bytes(data))

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height after turning."""
        return (height, width) if self.transpose else (width, height)

    def apply(self, image: Image) -> Image:
        """The picture as it is meant to be seen: uint8 [H, W, 3], contiguous; the same array when nothing turns."""
        if self.transpose:
            image = cv2.transpose(image)
        if self.mirror_x or self.mirror_y:
            code = -1 if self.mirror_x and self.mirror_y else (1 if self.mirror_x else 0)
            image = cv2.flip(image, code)
        return image
