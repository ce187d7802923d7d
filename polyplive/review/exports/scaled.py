"""Places in one size of picture, for formats that have one for the whole recording."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polyplive.review.exports.linked import LinkedFrame
    from polyplive.types import Detection

Edges: TypeAlias = tuple[float, float, float, float]
"""Left, top, right and bottom of a box: pixel n reaches from n to n + 1."""


def edges(detection: Detection, frame: LinkedFrame, size: tuple[int, int]) -> Edges:
    """The box in a picture of ``size`` (width, height) that shows what ``frame`` does."""
    x, y, width, height = detection.bbox
    across, down = size[0] / frame.width, size[1] / frame.height
    return x * across, y * down, (x + width) * across, (y + height) * down


def corners(detection: Detection, frame: LinkedFrame, size: tuple[int, int]) -> NDArray[np.float64]:
    """The contour in such a picture, float64 [N, 2]: x, y through the middle of the border's pixels.

    A contour of fewer than three corners is no polygon: its box's are given.
    """
    if len(detection.contour) < 3:
        left, top, right, bottom = edges(detection, frame, size)
        return np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    scale = np.array([size[0] / frame.width, size[1] / frame.height], np.float64)
    scaled: NDArray[np.float64] = (detection.contour + 0.5) * scale
    return scaled
