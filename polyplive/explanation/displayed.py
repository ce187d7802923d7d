"""A heatmap at the size at which it is compared: as it is displayed, but in numbers instead of levels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from polyplive.overlay.enlarging import made_finer

if TYPE_CHECKING:
    from polyplive.types import FloatMap


def displayed(cam: FloatMap, height: int, width: int) -> FloatMap:
    """The map ``cam`` float32 [h, w] as float32 [``height``, ``width``], at least 0.

    It is resized in the two steps of the overlay: made finer smoothly (``overlay.enlarging``), then stretched linearly.
    Unlike there its values are neither cut at full scale nor rounded to levels, so that each keeps its rank. What is no
    number is 0. A map that has this size already stays as it is.
    """
    known = np.maximum(np.nan_to_num(cam, posinf=0.0, neginf=0.0), 0.0).astype(np.float32)
    if known.shape == (height, width):
        return known
    shown: FloatMap = cv2.resize(made_finer(known), (width, height), interpolation=cv2.INTER_LINEAR)
    return shown
