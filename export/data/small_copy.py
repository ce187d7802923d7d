"""A small copy of a polyp set elsewhere in its own picture: data sets show few that are far away.

Copy-paste as in Ghiasi et al., "Simple copy-paste is a strong data augmentation method", CVPR 2021, section 3. The
copy's light and colour are fitted to its new place (Perez et al., "Poisson image editing", SIGGRAPH 2003, eq. 3).
Pictures are uint8 [H, W, 3] BGR, masks uint8 [H, W] of 0 and 255.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

AREAS = (0.0015, 0.025)
"""The copy's smallest and largest area, in shares of the picture."""

SHRINKS = 0.7
"""A copy is at most so large, relative to the polyp: less would show the same polyp twice."""

LIT = (40, 235)
"""The brightness that a place may have, median over its pixels, in grey levels."""

LEAST_MARGIN_PX = 6
"""How much mucosa comes with the copy: ``seamlessClone`` takes no gradient from the outermost 3 pixels of a cover."""

TRIES = 8


def add_small_copy(image: Picture, mask: Picture, rng: np.random.Generator) -> tuple[Picture, Picture]:
    """A copy of picture and mask with one of its polyps once more, small, where there was none.

    Where there is no polyp, none that can be shrunk, or no room for it, they come back as they were.
    """
    height, width = mask.shape
    cut = _cut_out(image, mask, rng)
    if cut is None:
        return image, mask
    patch, shape = cut
    reach = max(LEAST_MARGIN_PX, round(0.1 * max(shape.shape)))
    cover = cv2.dilate(shape, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1)))
    cover[0], cover[-1], cover[:, 0], cover[:, -1] = 0, 0, 0, 0
    rows, columns = shape.shape
    if not cover.any() or rows + 4 > height or columns + 4 > width:
        return image, mask
    for _ in range(TRIES):
        top, left = int(rng.integers(2, height - rows - 1)), int(rng.integers(2, width - columns - 1))
        window = slice(top, top + rows), slice(left, left + columns)
        bright = float(np.median(image[window].max(axis=2)))
        if mask[window].any() or not LIT[0] <= bright <= LIT[1]:
            continue
        return _set(image, mask, patch, shape, np.asarray(cover, np.uint8), window)
    return image, mask


def _cut_out(image: Picture, mask: Picture, rng: np.random.Generator) -> tuple[Picture, Picture] | None:
    """A polyp with some mucosa around it, shrunk and turned, and its mask; None where there is none to shrink."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    if count < 2:
        return None
    label = int(rng.integers(1, count))
    x, y, columns, rows, area = (int(value) for value in stats[label])
    share = area / mask.size
    factor = float(np.sqrt(np.exp(rng.uniform(*np.log(AREAS))) / share))
    if factor > SHRINKS:
        return None
    margin = round(max(0.3 * max(columns, rows), (LEAST_MARGIN_PX + 2) / factor))
    window = slice(max(0, y - margin), y + rows + margin), slice(max(0, x - margin), x + columns + margin)
    size = [max(6, round(factor * side)) for side in labels[window].shape[::-1]]
    patch = cv2.resize(image[window], size, interpolation=cv2.INTER_AREA)
    shape = cv2.resize(np.where(labels[window] == label, 255, 0).astype(np.uint8), size, interpolation=cv2.INTER_AREA)
    shape = np.where(shape > 127, 255, 0).astype(np.uint8)
    turns, mirrored = int(rng.integers(0, 4)), bool(rng.random() < 0.5)
    patch, shape = (np.rot90(part, turns) for part in (patch, shape))
    if mirrored:
        patch, shape = patch[:, ::-1], shape[:, ::-1]
    return np.ascontiguousarray(patch), np.ascontiguousarray(shape)


def _set(
    image: Picture, mask: Picture, patch: Picture, shape: Picture, cover: Picture, window: tuple[slice, slice]
) -> tuple[Picture, Picture]:
    """``patch`` where ``cover`` is not 0, with the light of its ``window``; ``shape`` joins the mask."""
    left, top, columns, rows = cv2.boundingRect(cover)  # seamlessClone centres the cover's own rectangle
    centre = window[1].start + left + columns // 2, window[0].start + top + rows // 2
    joined = cv2.seamlessClone(patch, image, cover, centre, cv2.NORMAL_CLONE)
    marked = mask.copy()
    marked[window] |= shape
    return np.asarray(joined, np.uint8), marked
