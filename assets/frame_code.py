"""A frame's number as a pattern in the black corner at the top left, which seeking can be checked by.

A bit is a small square, dark or grey: grey enough to outlive H.264, too dark and colourless to be taken for a part of
the endoscope's picture. Two more bits check the rest.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyplive.types import Image

_BITS, _CHECKS = 18, 2
HIGHEST = (1 << _BITS) - 1
_DARK, _GREY = 16, 80  # luma, of 16 to 235


def stamp(luma: NDArray[np.uint8], index: int) -> None:
    """Draw ``index`` (0 to HIGHEST) into ``luma``, uint8 [H, W] of limited range, of a picture with a cut corner."""
    bits = [index >> place & 1 for place in range(_BITS)]
    check = _check(index)
    bits += [check >> place & 1 for place in range(_CHECKS)]
    for bit, cell in zip(bits, _cells(*luma.shape[:2]), strict=True):
        luma[cell] = _GREY if bit else _DARK


def read(image: Image) -> int:
    """The number in ``image`` (uint8 [H, W, 3], BGR). Raises ``ValueError`` where there is none."""
    values = [float(image[cell].mean()) for cell in _cells(*image.shape[:2])]
    number = sum(1 << place for place, value in enumerate(values) if value > (_GREY - _DARK) / 2)
    index, check = number & HIGHEST, number >> _BITS
    if check != _check(index):
        raise ValueError("no frame's number is in this picture")
    return index


def _check(index: int) -> int:
    """Of 0 it is not 0: a black corner has no number."""
    ones = sum(index >> place & 1 for place in range(_BITS))
    return (ones + 1) % (1 << _CHECKS)


def _cells(height: int, width: int) -> list[tuple[slice, slice]]:
    """Where the bits are: rows of 7, 7 and 6 squares."""
    side = max(2, min(height, width) // 64)
    places = [divmod(number, 7) for number in range(_BITS + _CHECKS)]
    return [(slice(y * side, (y + 1) * side), slice(x * side, (x + 1) * side)) for y, x in places]
