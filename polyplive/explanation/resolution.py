"""Resolution: the sharpest edge in a heatmap as it is displayed, measured and not read off the array's size.

The measure is the 10-90 % rise of an edge, by which lenses and cameras are compared (ISO 12233 describes edges and
their profiles). A pixel's gradient gives the direction of the edge through it. Along that direction the map is followed
both ways for as long as it falls on one side and climbs on the other. From the foot of that slope to its top, the rise
is the distance between 10 % and 90 % of the height.

Only slopes at least half as high as the whole map count: a ripple is no edge. Of those the shortest rise is the map's
resolution, in pixels. An edge between two pixels has 0.8; a step blurred by a Gaussian of s pixels has 2.563 s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from polyplive.explanation.displayed import displayed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polyplive.types import FloatMap

HEIGHT = 0.5
"""A slope counts from this share of the map's height on."""

BOTTLENECK = 32
"""The coarsest grid of an encoder for segmentation: one of its cells is so many pixels of the input wide."""

_STEEPEST = 256
"""So many of the steepest pixels are followed."""

_STEP = 0.25
_FOOT, _TOP = 0.1, 0.9


def edge_rise(shown: FloatMap) -> float | None:
    """The shortest 10-90 % rise in ``shown`` float32 [H, W], in its pixels; None where no slope is high enough."""
    whole = float(shown.max() - shown.min())
    if whole <= 0:
        return None
    down, right = np.gradient(shown.astype(np.float64))
    steepness = np.hypot(down, right)
    if not steepness.any():
        return None
    places = np.argsort(steepness, axis=None)[::-1][:_STEEPEST]
    places = places[steepness.ravel()[places] > 0]
    profiles = _profiles(shown, places, down.ravel()[places], right.ravel()[places])
    rises = [rise for profile in profiles if (rise := _rise(profile, HEIGHT * whole)) is not None]
    return min(rises, default=None)


def grid_rise(height: int, width: int, cell: int = BOTTLENECK) -> float:
    """The rise of the sharpest detail that a grid can show once it is displayed: bright and dark columns in turn.

    A cell is ``cell`` pixels wide; ``height`` and ``width`` are those of the model's input. Divided by the rise of a
    map it says how many times finer than that grid the map is.
    """
    rows, columns = max(5, height // cell), max(5, width // cell)
    in_turn = np.zeros((rows, columns), np.float32)
    in_turn[:, 1::2] = 1
    border = -(-width // columns)
    rise = edge_rise(displayed(in_turn, height, width)[:, border:-border])
    assert rise is not None, "columns have edges"
    return rise


def _profiles(
    shown: FloatMap, places: NDArray[np.intp], down: NDArray[np.float64], right: NDArray[np.float64]
) -> NDArray[np.float32]:
    """The map along each place's gradient, every ``_STEP`` pixels, climbing: float32 [places, 2 n + 1]."""
    height, width = shown.shape
    steps = np.arange(-max(shown.shape), max(shown.shape) + _STEP, _STEP)
    rows, columns = np.unravel_index(places, shown.shape)
    length = np.hypot(down, right)
    y = rows[:, None] + steps * (down / length)[:, None]
    x = columns[:, None] + steps * (right / length)[:, None]
    found: NDArray[np.float32] = cv2.remap(
        shown,
        np.clip(x, 0, width - 1).astype(np.float32),
        np.clip(y, 0, height - 1).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return found


def _rise(profile: NDArray[np.float32], least: float) -> float | None:
    """The rise of the slope through the middle of a profile; None where it is lower than ``least``."""
    middle = len(profile) // 2
    slack = 1e-4 * least
    climbs = np.diff(profile.astype(np.float64)) > slack
    up, down = climbs[middle:], climbs[:middle][::-1]
    top = middle + (len(up) if up.all() else int(up.argmin()))
    foot = middle - (len(down) if down.all() else int(down.argmin()))
    slope = profile[foot : top + 1].astype(np.float64)
    if len(slope) < 2 or slope[-1] - slope[0] < least:
        return None
    share = (slope - slope[0]) / (slope[-1] - slope[0])
    ends = np.interp((_FOOT, _TOP), share, np.arange(len(share)) * _STEP)
    return float(ends[1] - ends[0])
