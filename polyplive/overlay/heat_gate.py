"""Which heat belongs to a finding: what lies in its contour, and in a margin around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from polyplive.types import Contour, Roi

REACH = 0.6
"""How far the margin reaches, by the radius of a disc of the finding's area. A map often peaks at a polyp's rim."""

_BITS = 4
"""Corners are given to OpenCV in 16ths of a sample."""


def gate_of(contours: Sequence[Contour], roi: Roi, shape: tuple[int, ...], cell: int) -> NDArray[np.uint8]:
    """uint8 of ``shape`` [h, w] over ``roi``: 255 in each contour and the inner half of its margin, then down to 0.

    Contours are source pixels. ``cell`` is how many samples a cell of the map has each way: a margin reaches at least
    so far, since the map itself is no finer.
    """
    gate = np.zeros(shape[:2], np.uint8)
    for contour in contours:
        corners = _corners(contour, roi, shape)
        area = cv2.contourArea(corners.astype(np.float32)) / (1 << _BITS) ** 2
        _open(gate, corners, max(REACH * (area / np.pi) ** 0.5, float(cell)))
    return gate


def _corners(contour: Contour, roi: Roi, shape: tuple[int, ...]) -> Contour:
    """``contour`` in 16ths of samples; centres of pixels map as in ``preprocess``."""
    share = shape[1] / roi.width, shape[0] / roi.height
    places: Contour = np.rint(((contour + 0.5 - (roi.x, roi.y)) * share - 0.5) * (1 << _BITS)).astype(np.int32)
    return places


def _open(gate: NDArray[np.uint8], corners: Contour, reach: float) -> None:
    """Let heat through in one contour and up to ``reach`` samples around it."""
    x, y, width, height = cv2.boundingRect(corners)
    more = int(reach) + 2
    left, top = max((x >> _BITS) - more, 0), max((y >> _BITS) - more, 0)
    right, bottom = ((x + width) >> _BITS) + more + 1, ((y + height) >> _BITS) + more + 1
    part = gate[top:bottom, left:right]
    if part.size == 0:
        return
    outside = np.full(part.shape, 255, np.uint8)
    cv2.fillPoly(outside, [corners - np.array((left << _BITS, top << _BITS), np.int32)], 0, shift=_BITS)
    away = cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    opened = np.rint(255 * np.clip(2 * (1 - away / reach), 0, 1)).astype(np.uint8)
    np.maximum(part, opened, out=part)
