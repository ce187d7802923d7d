"""Pictures of a still explanation: the frame with its outlines, and each map on it, all of it and on its own scale."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import cv2

from polyplive.overlay.colours import heat_colours
from polyplive.overlay.compositor import compose
from polyplive.overlay.true_shape import in_true_shape
from polyplive.types import Hud, OverlaySettings

if TYPE_CHECKING:
    from polyplive.explanation.still import ShownMap
    from polyplive.explanation.still_frame import StillFrame
    from polyplive.types import Detection, Image

_OUTLINES = OverlaySettings(mask=False, heatmap=False)
_HEAT = OverlaySettings(mask=False, scores=False, heatmap=True, heat_everywhere=True, heat_smoothing=False, opacity=0.6)


def frame_picture(still: StillFrame) -> Image:
    """The field of view with every finding outlined and numbered: uint8 [h, w, 3] BGR, with square pixels.

    What is burned in around the field of view, which may name a patient, is not in it.
    """
    return _seen(compose(still.frame, still.prediction, _OUTLINES, Hud(names=still.names)), still)


def map_picture(still: StillFrame, shown: ShownMap, finding: Detection | None) -> Image:
    """The same with one map, and the outline of the ``finding`` that it is about (None: of all)."""
    prediction = dataclasses.replace(
        still.prediction,
        cam=shown.values,
        cam_full_scale=shown.full_scale,
        cam_of=None,
        steady_heat=None,
        detections=still.prediction.detections if finding is None else (finding,),
    )
    return _seen(compose(still.frame, prediction, _HEAT), still)


def fitted(image: Image, width: int, height: int) -> Image:
    """``image`` at most so large, in its own shape; a smaller one stays as it is."""
    rows, columns = image.shape[:2]
    share = min(width / columns, height / rows)
    if share >= 1:
        return image
    size = max(1, round(columns * share)), max(1, round(rows * share))
    small: Image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return small


def scale_picture(width: int = 256, height: int = 10) -> Image:
    """The colours of maps from 0 to full scale, left to right: uint8 [height, width, 3] BGR."""
    bar: Image = cv2.resize(heat_colours().reshape(1, 256, 3), (width, height), interpolation=cv2.INTER_LINEAR)
    return bar


def _seen(drawn: Image, still: StillFrame) -> Image:
    return in_true_shape(drawn[still.prediction.roi.slices], still.frame.sample_aspect)
