"""Making a picture smaller without aliasing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import cv2

if TYPE_CHECKING:
    from numpy.typing import NDArray


def shrink(image: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    """``image`` (uint8 or uint16, [H, W] or [H, W, 3]) at another size, without aliasing and at little cost.

    Halve until less than a halving is left, then interpolate. Every step maps edge to edge, so pixel centres stay where
    one resize puts them.
    """
    image = halved(image, height, width)
    if image.shape[:2] != (height, width):
        image = cast("NDArray[Any]", cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR))
    return image


def halved(image: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    """``image`` halved as long as it stays as large as that; each side on its own, an odd one rounded up.

    Linear interpolation at one half is the mean of 2x2 pixels. So nothing aliases, as it would by one linear resize,
    and it costs far less than averaging by area.
    """
    for size in halvings(image.shape[0], image.shape[1], height, width):
        image = cast("NDArray[Any]", cv2.resize(image, size[::-1], interpolation=cv2.INTER_LINEAR))
    return image


def halvings(rows: int, columns: int, height: int, width: int) -> list[tuple[int, int]]:
    """The sizes (rows, columns) of a picture of ``rows`` by ``columns`` after each step of ``halved``; often none."""
    found: list[tuple[int, int]] = []
    while rows >= 2 * height or columns >= 2 * width:
        size = (rows + 1) // 2 if rows >= 2 * height else rows, (columns + 1) // 2 if columns >= 2 * width else columns
        found.append(size)
        rows, columns = size
    return found
