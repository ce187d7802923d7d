"""A closed contour in pieces: dashes or dots that stay where they are while the contour changes a little."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polyplive.overlay.target import CORNER_BITS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polyplive.types import Contour

_COUNTS = (4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
"""So many pieces a contour may have. The steps are coarse, so that their number seldom changes from frame to frame."""


@dataclass(frozen=True, slots=True)
class Dashes:
    """Lengths of a piece and of the gap after it, in widths of the line; gaps may be up to half as long again."""

    piece: float
    gap: float


def dashed(contour: Contour, bits: int, width: int, dashes: Dashes) -> tuple[list[Contour], int]:
    """The pieces of ``contour`` for a line that is ``width`` pixels wide, and how many of their bits are a fraction.

    ``bits`` of each number in ``contour`` are a fraction of a pixel. The first piece lies on the ray from the contour's
    middle straight up, and all have the same distance: so they move with the contour and do not run around it.
    """
    corners = contour.astype(np.float64) / (1 << bits)
    corners = corners[np.any(corners != np.roll(corners, 1, axis=0), axis=1)]  # no corner twice in a row
    if len(corners) < 2:
        return [np.repeat(contour[:1], 2, axis=0)], bits  # a point: of a single corner OpenCV draws nothing
    closed = np.vstack([corners, corners[:1]])
    steps = np.hypot(*np.diff(closed, axis=0).T)
    places = np.concatenate([[0.0], np.cumsum(steps)])
    around = places[-1]
    wanted = (dashes.piece + dashes.gap) * width
    count = max((number for number in _COUNTS if number * wanted <= around), default=_COUNTS[0])
    length = around / count * dashes.piece / (dashes.piece + dashes.gap)
    starts = (_top(closed, steps, places) - length / 2 + np.arange(count) * around / count) % around
    return _pieces(closed, places, starts, length), CORNER_BITS


def _top(closed: NDArray[np.float64], steps: NDArray[np.float64], places: NDArray[np.float64]) -> float:
    """How far along the contour its highest point straight above its middle lies, in pixels from the first corner."""
    middle = np.average((closed[:-1] + closed[1:]) / 2, axis=0, weights=steps)[0]
    before, after = closed[:-1], closed[1:]
    crossing = (before[:, 0] <= middle) != (after[:, 0] <= middle)
    if not crossing.any():
        return 0.0
    share = np.zeros(len(steps))
    share[crossing] = (middle - before[crossing, 0]) / (after[crossing, 0] - before[crossing, 0])
    heights = np.where(crossing, before[:, 1] + share * (after[:, 1] - before[:, 1]), np.inf)
    best = int(np.argmin(heights))
    return float(places[best] + share[best] * steps[best])


def _pieces(
    closed: NDArray[np.float64], places: NDArray[np.float64], starts: NDArray[np.float64], length: float
) -> list[Contour]:
    """The contour's points from each of ``starts`` (pixels along it) on, for ``length``; a piece may pass its end."""
    twice = np.concatenate([closed[:-1], closed])
    along = np.concatenate([places[:-1], places + places[-1]])
    first, last = (
        _fixed(np.stack([np.interp(ends, along, twice[:, axis]) for axis in (0, 1)], axis=1))
        for ends in (starts, starts + length)
    )
    corners = _fixed(twice)
    after, before = np.searchsorted(along, starts, "right"), np.searchsorted(along, starts + length, "left")
    return [
        np.concatenate([first[i : i + 1], corners[after[i] : before[i]], last[i : i + 1]]) for i in range(len(starts))
    ]


def _fixed(points: NDArray[np.float64]) -> Contour:
    fixed: Contour = np.rint(points * (1 << CORNER_BITS)).astype(np.int32)
    return fixed
