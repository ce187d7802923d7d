"""What nearly fired: regions that a lower threshold would have marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.pipeline.confirmation import certainty
from polyplive.pipeline.contours import contours_at

if TYPE_CHECKING:
    from polyplive.types import Contour, FloatMap, Roi


def nearly_fired(probability: FloatMap, roi: Roi, near: tuple[float, float], min_area: float) -> tuple[Contour, ...]:
    """The outlines, largest first, of regions above the lower and nowhere above the upper probability of ``near``.

    Other arguments as for ``contours_at``.
    """
    low, high = near
    found = [region.contour for region in contours_at(probability, roi, low, min_area)]
    return tuple(contour for contour in found if not certainty(contour, probability, roi, high, 0.0))
