"""A coarse map made finer without a value that none of its cells has.

Doubling linearly, again and again, comes to the quadratic B-spline of the map: smooth, and nowhere above its strongest
cell or below its weakest one. Cubic interpolation is sharper, but undershoots: a ring around a strong place falls below
everything else, and whoever orders pixels by the map comes to that ring last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2

if TYPE_CHECKING:
    from polyplive.types import FloatMap

FINE = 160
"""Values a side: a map is doubled until it has so many. Linear stretching from there on shows no more corners."""


def made_finer(coarse: FloatMap) -> FloatMap:
    """``coarse`` float32 [h, w], doubled until its longer side has ``FINE`` values at least; centres of cells stay."""
    finer = coarse
    while max(finer.shape) < FINE:
        rows, columns = finer.shape
        finer = cv2.resize(finer, (2 * columns, 2 * rows), interpolation=cv2.INTER_LINEAR)
    return finer
