"""Samples of luma and chroma, and their colours by the formula, rounded to the nearest."""

from __future__ import annotations

import functools
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

RED_BLUE = {
    1: (0.2126, 0.0722),
    4: (0.30, 0.11),
    5: (0.299, 0.114),
    6: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
}
"""Shares of red and blue in luma by the number of the matrix: BT.709, FCC, BT.601 (two), SMPTE 240M, BT.2020."""


@dataclass(frozen=True, slots=True, eq=False)
class YuvSamples:
    """The samples of one picture as its source gave them, before any conversion.

    ``luma`` is [H, W]. ``cb`` and ``cr``, the chroma, have as many columns and rows, or half of them, rounded up. All
    are uint8, or uint16 where ``bits`` is above 8, with values below ``2**bits``. ``matrix``, ``primaries`` and
    ``transfer`` are numbers of ITU-T H.273, 2 where unknown; the matrix is known or assumed. ``is_full`` is whether the
    range is full. ``is_centred``: a chroma sample lies amid its columns, as in JPEG, and not on the left one.
    """

    luma: NDArray[np.unsignedinteger]
    cb: NDArray[np.unsignedinteger]
    cr: NDArray[np.unsignedinteger]
    matrix: int
    primaries: int = 2
    transfer: int = 2
    is_full: bool = False
    is_centred: bool = False
    bits: int = 8

    @property
    def planes(self) -> tuple[NDArray[np.unsignedinteger], ...]:
        """Luma, Cb, Cr."""
        return self.luma, self.cb, self.cr

    @property
    def across(self) -> int:
        """How many pixels of a row share a chroma sample: 1 or 2."""
        return 1 if self.cb.shape[1] == self.luma.shape[1] else 2

    @property
    def down(self) -> int:
        """How many rows share a row of chroma: 1 or 2."""
        return 1 if self.cb.shape[0] == self.luma.shape[0] else 2

    @property
    def beside(self) -> float:
        """How far a chroma sample lies to the left of the middle of the pixels that share it, in its own width."""
        return 0.25 if self.across == 2 and not self.is_centred else 0.0

    @property
    def to_bgr(self) -> NDArray[np.float32]:
        """float32 [3, 4]: from Y, Cb, Cr and 1, as they are coded, to B, G, R from 0 to 255."""
        return _to_bgr(self.matrix, self.is_full, self.bits)


def bgr_of(samples: YuvSamples, image: NDArray[np.uint8] | None = None) -> NDArray[np.uint8]:
    """uint8 [H, W, 3] BGR of samples of eight bits, written to ``image`` where that is given. Any thread.

    FFmpeg's own quick conversion cuts fractions off, so that green comes out 1.5 levels too low on average; its exact
    one takes four times as long as this. Pixels that share a chroma sample get the same one, as in the quick one.
    """
    height, width = samples.luma.shape
    chroma: Sequence[NDArray[Any]] = (samples.cb, samples.cr)
    if samples.across == 2:  # each sample twice, side by side
        chroma = [np.multiply(plane, 0x0101, dtype=np.uint16).view(np.uint8)[:, :width] for plane in chroma]
    if image is None:
        image = np.empty((height, width, 3), np.uint8)
    step = samples.down
    yuv = np.empty((-(-height // step), width, 3), np.uint8)  # one for all steps, so that it stays in the cache
    for first in range(min(step, height)):
        rows = samples.luma[first::step]
        cv2.merge([rows, *(plane[: len(rows)] for plane in chroma)], yuv[: len(rows)])
        cv2.transform(yuv[: len(rows)], samples.to_bgr, dst=image[first::step])
    return image


class Scratch(threading.local):
    """Each thread's own arrays between two conversions: new memory of a view's size takes as long as converting it."""

    yuv: NDArray[Any] | None = None
    bgr: NDArray[Any] | None = None


def bgr_of_points(
    planes: Sequence[NDArray[Any]], samples: YuvSamples, scratch: Scratch | None = None
) -> NDArray[np.uint8]:
    """uint8 [h, w, 3] BGR of Y, Cb and Cr of the same size, [h, w] each, coded as ``samples`` are. Any thread.

    With ``scratch`` the array is only good until the thread's next call with it.
    """
    scratch = scratch or Scratch()
    scratch.yuv = cv2.merge(list(planes), scratch.yuv)  # OpenCV uses the array again where size and depth are the same
    scratch.bgr = bgr = cv2.transform(scratch.yuv, samples.to_bgr, scratch.bgr)
    return cast("NDArray[np.uint8]", bgr if bgr.dtype == np.uint8 else cv2.convertScaleAbs(bgr))


@functools.cache
def _to_bgr(matrix: int, is_full: bool, bits: int) -> NDArray[np.float32]:
    """See ``YuvSamples.to_bgr`` (ITU-R BT.709-6, section 3, with any shares; 10 bits and more as in BT.2100-2)."""
    red, blue = RED_BLUE[matrix]
    green = 1 - red - blue
    unit, white = 2 ** (bits - 8), 2**bits - 1
    luma, chroma, black = (255 / white, 255 / white, 0) if is_full else (255 / (219 * unit), 255 / (224 * unit), 16)
    to_blue, to_red = 2 * chroma * (1 - blue), 2 * chroma * (1 - red)
    turned = np.array(
        [
            [luma, to_blue, 0],
            [luma, -to_blue * blue / green, -to_red * red / green],
            [luma, 0, to_red],
        ]
    )
    zero = np.array([[black], [128], [128]]) * -unit
    return np.hstack([turned, turned @ zero]).astype(np.float32)
