"""Where a frame looks like the endoscope's picture, told from this frame alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from polyplive.types import Roi

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polyplive.pixels.picture import Picture

_MAP_SIDE = 160
_COLOURED_FROM = 22  # darker pixels are border, whatever their colour: compression tints black
_CHROMA_FROM = 12  # panels are grey; mucosa is red, brown in narrow-band light, blue where dyed
_BRIGHT_FROM = 96  # highlights and white-outs have no colour
_TEXT_HEIGHT = 5  # cells; opening by this removes lines of text, which are thinner
_GAP = 9  # cells; closing by this joins what dark folds split
_WHOLE_FROM = 0.96
_SNAP = 0.02


def picture_mask(picture: Picture) -> NDArray[np.uint8]:
    """Where ``picture`` looks like the endoscope's picture: uint8 [h, w], 1 or 0.

    A map of at most 160 cells a side; only the largest connected part is kept.
    """
    height, width = picture.height, picture.width
    scale = max(1.0, max(height, width) / _MAP_SIDE)
    size = max(1, round(height / scale)), max(1, round(width / scale))
    small = picture.part_at(slice(0, height), slice(0, width), *size)
    blue, green, red = small[..., 0], small[..., 1], small[..., 2]
    brightest = np.maximum(np.maximum(blue, green), red)
    chroma = brightest - np.minimum(np.minimum(blue, green), red)
    shown = (brightest >= _BRIGHT_FROM) | ((brightest >= _COLOURED_FROM) & (chroma >= _CHROMA_FROM))
    mask = shown.astype(np.uint8)
    mask = _morphed(mask, cv2.MORPH_OPEN, _TEXT_HEIGHT)
    mask = _morphed(mask, cv2.MORPH_CLOSE, _GAP)
    count, labels, figures, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    if count < 2:
        return np.zeros_like(mask)
    largest = 1 + int(np.argmax(figures[1:, cv2.CC_STAT_AREA]))
    part: NDArray[np.uint8] = (labels == largest).astype(np.uint8)
    return part


def bounding_region(mask: NDArray[np.uint8], width: int, height: int) -> Roi:
    """The smallest region of a ``width`` x ``height`` frame that holds all of ``mask``'s cells, one cell wider.

    Edges close to the frame's are moved onto them; nearly all of the frame becomes all of it.
    """
    left, right = _extent(mask.max(axis=0), width)
    top, bottom = _extent(mask.max(axis=1), height)
    if (right - left) * (bottom - top) >= _WHOLE_FROM * width * height:
        return Roi(0, 0, width, height)
    return Roi(left, top, right - left, bottom - top)


def _morphed(mask: NDArray[np.uint8], operation: int, side: int) -> NDArray[np.uint8]:
    # The frame's edge is not a border of the picture: beyond it, the picture is taken to go on.
    padded = cv2.copyMakeBorder(mask, side, side, side, side, cv2.BORDER_REPLICATE)
    done: NDArray[np.uint8] = cv2.morphologyEx(padded, operation, np.ones((side, side), np.uint8))
    return done[side:-side, side:-side]


def _extent(filled: NDArray[np.uint8], pixels: int) -> tuple[int, int]:
    cells = np.flatnonzero(filled)
    size = pixels / len(filled)
    first = max(0, int((cells[0] - 1) * size))
    last = min(pixels, int(np.ceil((cells[-1] + 2) * size)))
    near = _SNAP * pixels + size
    return (0 if first <= near else first), (pixels if pixels - last <= near else last)
