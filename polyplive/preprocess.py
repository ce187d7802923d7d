"""From a frame's field of view to the model's input tensor, and back from model pixels to frame pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from polyplive.fields import COMBED, combing, first_field

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polyplive.types import Image, Roi


def preprocess(
    image: Image, roi: Roi, height: int, width: int, out: NDArray[np.uint8] | None = None, *, one_field: bool = False
) -> NDArray[np.uint8]:
    """The region ``roi`` of ``image`` at the model's size: uint8 [1, ``height``, ``width``, 3], RGB, contiguous.

    ``image`` is uint8 [H, W, 3] BGR and is not changed. The region is stretched to the model's shape whatever its
    own, as the training images are. With ``one_field`` a region that combs is seen through its first field
    (``fields``). ``out``, an array of the result's shape and dtype, is filled and returned in
    place of a new one. Raises ``ValueError`` where ``roi`` reaches outside of ``image`` or ``out`` does not fit.
    """
    if roi.x + roi.width > image.shape[1] or roi.y + roi.height > image.shape[0]:
        raise ValueError(f"{roi} reaches outside of an image of {image.shape[1]}x{image.shape[0]}")
    shape = (1, height, width, 3)
    if out is None:
        out = np.empty(shape, np.uint8)
    elif out.shape != shape or out.dtype != np.uint8 or not out.flags.c_contiguous:
        raise ValueError(f"expected a contiguous uint8 array {shape}, received {out.dtype} {out.shape}")
    region = image[roi.slices]
    if one_field and combing(region) > COMBED:
        region = first_field(region, roi.y)
    cv2.cvtColor(shrink(region, height, width), cv2.COLOR_BGR2RGB, dst=out[0])
    return out


def to_source(points: NDArray[np.floating], roi: Roi, height: int, width: int) -> NDArray[np.float64]:
    """Points [N, 2] (x, y) in model pixels as points in frame pixels, float64 [N, 2].

    Integer coordinates are pixel centres in both, so that x becomes (x + 0.5) * scale - 0.5 + the region's offset:
    the very mapping by which ``preprocess`` resizes.
    """
    scale, offset = _mapping(roi, height, width)
    return (np.asarray(points, np.float64) + 0.5) * scale - 0.5 + offset


def to_model(points: NDArray[np.floating], roi: Roi, height: int, width: int) -> NDArray[np.float64]:
    """The inverse of ``to_source``: points [N, 2] (x, y) in frame pixels as points in model pixels."""
    scale, offset = _mapping(roi, height, width)
    return (np.asarray(points, np.float64) - offset + 0.5) / scale - 0.5


def _mapping(roi: Roi, height: int, width: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.array([roi.width / width, roi.height / height]), np.array([roi.x, roi.y], np.float64)


def shrink(image: Image, height: int, width: int) -> Image:
    """``image`` (uint8 [H, W, 3]) at another size, without aliasing and at little cost.

    Halve until less than a halving is left, then interpolate. Linear interpolation at one half is the mean of 2x2
    pixels, so nothing aliases, as it would by one linear resize, and the cost stays far below averaging by area at
    an odd ratio. Every step maps edge to edge, so pixel centres stay where one resize puts them.
    """
    while True:
        rows, columns = image.shape[:2]
        next_rows = (rows + 1) // 2 if rows >= 2 * height else rows
        next_columns = (columns + 1) // 2 if columns >= 2 * width else columns
        if (next_rows, next_columns) == (rows, columns):
            break
        image = cv2.resize(image, (next_columns, next_rows), interpolation=cv2.INTER_LINEAR)
    if image.shape[:2] != (height, width):
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
    return image
