"""How the picture moves from one frame to the next: a field of small shifts, or that the two do not belong together."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from polyplive.types import FloatMap, Frame, Roi

SIZE = 48
"""Rows and columns of the grey picture that motion is taken from. A map has 22 at most."""

_SAMPLED = 128
"""So many rows and columns of a region are read, at least; the rest would only be averaged away."""

CUT = 0.45
"""Two pictures do not follow each other where motion leaves this share of the contrast unexplained.

Of a recorded clip's neighbours 2% leave more, all of them blurred by a fast turn; of a rendered clip's none does.
Pictures of two scenes left 0.65 at the least of 200 pairs.
"""

Motion: TypeAlias = NDArray[np.float32]
"""float32 [SIZE, SIZE, 2]: how far right and down of its place each point was before, by the region's sides."""


def grey_of(frame: Frame, roi: Roi) -> NDArray[np.uint8]:
    """uint8 [SIZE, SIZE]: the brightness of ``frame`` over ``roi``."""
    lines = frame.picture.lines(*roi.slices)
    down, across = (max(side // _SAMPLED, 1) for side in lines.shape)
    read = np.ascontiguousarray(lines[::down, ::across])
    if read.dtype != np.uint8:
        samples = frame.picture.samples
        read = (read >> ((samples.bits if samples is not None else 16) - 8)).astype(np.uint8)
    grey: NDArray[np.uint8] = cv2.resize(read, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    return grey


def motion_between(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> Motion | None:
    """The motion from one ``grey_of`` to the next; None where the second does not follow the first.

    Farneback, "Two-frame motion estimation based on polynomial expansion", SCIA 2003. The same pictures give the same
    motion. It takes about 0.4 ms.
    """
    flow = cv2.calcOpticalFlowFarneback(after, before, None, 0.5, 2, 9, 2, 5, 1.1, 0)
    motion: Motion = flow * np.float32(1 / SIZE)
    left = cv2.absdiff(moved(before.astype(np.float32), motion), after.astype(np.float32))
    return motion if float(left.mean()) <= CUT * (float(after.std()) + 1) else None


def moved(field: FloatMap, motion: Motion) -> FloatMap:
    """A map of the frame before, float32 [h, w] over the region, where the picture has taken it."""
    height, width = field.shape
    shifts = motion if motion.shape[:2] == field.shape else cv2.resize(motion, (width, height))
    places = _places(height, width) + shifts * np.array((width, height), np.float32)
    found: FloatMap = cv2.remap(field, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return found


@functools.lru_cache(maxsize=4)
def _places(height: int, width: int) -> NDArray[np.float32]:
    """Column and row of each point of a map."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    return np.stack((columns, rows), axis=2)
