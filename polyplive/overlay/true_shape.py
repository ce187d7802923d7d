"""Pictures whose pixels are not square, as they are meant to be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2

from polyplive.types import SQUARE

if TYPE_CHECKING:
    from fractions import Fraction

    from polyplive.types import Image


def true_size(width: int, height: int, sample_aspect: Fraction) -> tuple[int, int]:
    """Width and height of a picture with square pixels in its true shape: one side grows, the other stays.

    ``width`` and ``height`` count its own pixels, ``sample_aspect`` is the width of one by its height.
    """
    if sample_aspect == SQUARE:
        return width, height
    across, down = growth(sample_aspect)
    return max(1, round(width * across)), max(1, round(height * down))


def growth(sample_aspect: Fraction) -> tuple[Fraction, Fraction]:
    """By what a picture's columns and rows are multiplied for square pixels; one of both is 1, the other not less."""
    return max(sample_aspect, SQUARE), max(1 / sample_aspect, SQUARE)


def in_true_shape(image: Image, sample_aspect: Fraction) -> Image:
    """``image`` (uint8 [H, W, 3] BGR) with square pixels, at its ``true_size``; the same array if they are square."""
    height, width = image.shape[:2]
    size = true_size(width, height, sample_aspect)
    if size == (width, height):
        return image
    grown: Image = cv2.resize(image, size, interpolation=cv2.INTER_CUBIC)
    return grown
