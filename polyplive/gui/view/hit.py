"""Which finding lies at a place in a picture; without Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2

if TYPE_CHECKING:
    from polyplive.types import Prediction


def finding_at(prediction: Prediction, place: tuple[float, float], reach: float) -> int | None:
    """The number of the finding at a ``place`` in source pixels, or within ``reach`` of them; None where there is none.

    Of several that hold the place it is the smallest; of those it lies beside, the nearest.
    """
    found = [(cv2.pointPolygonTest(one.contour, place, True), one.area_px, one.track) for one in prediction.detections]
    inside = [(area, track) for depth, area, track in found if depth >= 0]
    if inside:
        return min(inside)[1]
    near = [(-depth, track) for depth, _, track in found if depth >= -reach]
    return min(near)[1] if near else None
