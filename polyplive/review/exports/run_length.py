"""Masks as COCO's run lengths: how many pixels are outside, inside, outside and so on, column by column.

The compressed text is what COCO's own tools write. Each length but the first two is told as its difference to the one
two before. It is cut into groups of five bits, lowest first, each with a sixth that says whether more follow, and
written as a letter from ``0`` on (Lin et al., "Microsoft COCO", ECCV 2014; the tools' ``maskApi``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polyplive.types import Contour

_BITS, _MORE, _SIGN, _FIRST_LETTER = 5, 0x20, 0x10, 48


def filled_box(contour: Contour) -> tuple[NDArray[np.bool_], int, int]:
    """The inside of a contour with its border, as the window shows it: bool [h, w], and its left and top.

    It is as small as the contour's box; a contour without corners gives an empty one.
    """
    if not len(contour):
        return np.zeros((0, 0), bool), 0, 0
    left, top = (int(value) for value in contour.min(axis=0))
    right, bottom = (int(value) for value in contour.max(axis=0))
    inside = np.zeros((bottom - top + 1, right - left + 1), np.uint8)
    cv2.fillPoly(inside, [contour], 1, offset=(-left, -top))
    return inside.astype(bool), left, top


def clipped(
    mask: NDArray[np.bool_], left: int, top: int, width: int, height: int
) -> tuple[NDArray[np.bool_], int, int]:
    """The part of a mask at ``left``, ``top`` that lies in a picture of ``width`` x ``height`` pixels."""
    rows = slice(max(-top, 0), max(height - top, 0))
    columns = slice(max(-left, 0), max(width - left, 0))
    return mask[rows, columns], max(left, 0), max(top, 0)


def run_lengths(mask: NDArray[np.bool_], left: int, top: int, width: int, height: int) -> NDArray[np.int64]:
    """Lengths of runs, int64 [N]: outside first (it may be 0), then inside, and so on, down each column in turn.

    ``mask`` is bool [h, w] with its corner at ``left``, ``top`` of a picture of ``width`` x ``height`` pixels.
    """
    mask, left, top = clipped(mask, left, top, width, height)
    rows, wide = mask.shape
    padded = np.zeros((wide, rows + 2), bool)  # column by column, each between pixels outside
    padded[:, 1:-1] = mask.T
    columns, places = np.divmod(np.flatnonzero(padded[:, 1:] != padded[:, :-1]), rows + 1)
    places += (columns + left) * height + top
    begins, ends = places[::2], places[1::2]
    joined = begins[1:] == ends[:-1]  # from the foot of one column to the head of the next
    begins, ends = begins[np.append(True, ~joined)[: len(begins)]], ends[np.append(~joined, True)[: len(ends)]]
    bounds = np.stack([begins, ends], axis=1).ravel()
    lengths = np.diff(bounds, prepend=0, append=width * height)
    return lengths[:-1] if lengths[-1] == 0 and len(lengths) > 1 else lengths


def compressed(lengths: NDArray[np.int64]) -> str:
    """The text that COCO writes for the lengths of runs."""
    values = lengths.copy()
    values[3:] -= lengths[1:-2]
    groups: list[NDArray[np.int64]] = []
    goes_on = np.ones(len(values), bool)
    while goes_on.any():
        group = values & (_MORE - 1)
        values = values >> _BITS
        more = np.where(group & _SIGN, values != -1, values != 0)
        groups.append(np.where(goes_on, group + _FIRST_LETTER + np.where(more, _MORE, 0), 0))
        goes_on = goes_on & more
    letters = np.stack(groups, axis=1).ravel()
    return bytes(letters[letters > 0].astype(np.uint8)).decode("ascii")


def segmentation(contour: Contour, width: int, height: int) -> tuple[dict[str, Any], int]:
    """A contour as COCO's ``segmentation`` in a picture of ``width`` x ``height`` pixels, and its area in pixels."""
    lengths = run_lengths(*filled_box(contour), width, height)
    return {"size": [height, width], "counts": compressed(lengths)}, int(lengths[1::2].sum())
