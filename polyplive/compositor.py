"""A frame with its prediction drawn on it: one pure function for the window and for every recording."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from polyplive.drawing.element import Rect, Scale
from polyplive.drawing.heatmap import heatmap
from polyplive.drawing.hud import Legend, Line, place_hud
from polyplive.drawing.regions import Outline, Tint, place_labels
from polyplive.types import SessionState

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polyplive.drawing.element import Element
    from polyplive.types import Frame, Hud, Image, OverlaySettings, Prediction

_TINT_UNDER_HEATMAP = 0.25
"""With the heatmap on, the mask's tint has this share of its opacity, so that the map's colours stay readable."""


def compose(
    frame: Frame,
    prediction: Prediction | None,
    settings: OverlaySettings,
    hud: Hud | None = None,
    out: Image | None = None,
) -> Image:
    """``frame``'s picture with the overlay: uint8 [H, W, 3] BGR, a new array that the caller owns.

    ``prediction`` None draws no overlay, ``hud`` None no corner and no notice. Outside of ``footprint`` every pixel
    is the frame's own, bit for bit. Nothing given is changed but ``out``, an array of the frame's shape that is
    filled and returned in place of a new one. Any thread. Raises ``ValueError`` where ``out`` does not fit.
    """
    if out is None:
        image = frame.image.copy()
    elif out.shape != frame.image.shape or out.dtype != np.uint8 or not out.flags.c_contiguous:
        raise ValueError(f"expected a contiguous uint8 array {frame.image.shape}, received {out.dtype} {out.shape}")
    else:
        np.copyto(out, frame.image)
        image = out
    for element in elements(image.shape, prediction, settings, hud):
        element.draw(image)
    return image


def prepare(shape: tuple[int, ...], prediction: Prediction, settings: OverlaySettings) -> None:
    """Do beforehand, in any thread, what ``compose`` will need to draw ``prediction`` on frames of ``shape``.

    Stretching the heatmap is half of the work; ``compose`` finds it done, for the two newest predictions.
    """
    if settings.needs_cam:
        heatmap(prediction, shape[1], shape[0], _opacity(settings))


def footprint(
    shape: tuple[int, ...], prediction: Prediction | None, settings: OverlaySettings, hud: Hud | None = None
) -> NDArray[np.bool_]:
    """Where ``compose`` may change a frame of ``shape`` ([H, W, ...]): bool [H, W]."""
    mask = np.zeros(shape[:2], np.uint8)
    for element in elements(shape, prediction, settings, hud):
        element.cover(mask)
    return mask > 0


def elements(
    shape: tuple[int, ...], prediction: Prediction | None, settings: OverlaySettings, hud: Hud | None
) -> list[Element]:
    """Everything that is drawn on a frame of ``shape`` ([H, W, ...]), in the order in which it is drawn."""
    height, width = shape[:2]
    scale = Scale.of(width, height)
    if hud is not None and not settings.visible and hud.state is SessionState.READY:
        hud = dataclasses.replace(hud, state=SessionState.OVERLAY_OFF)
    corners = place_hud(hud, settings, scale, width, height)
    if prediction is None or not settings.visible:
        return corners
    reserved = [item.rect for item in corners if isinstance(item, Line | Legend)]
    return _marks(prediction, settings, scale, width, height, reserved) + corners


def _opacity(settings: OverlaySettings) -> float:
    return min(max(settings.opacity, 0.0), 1.0)


def _marks(
    prediction: Prediction, settings: OverlaySettings, scale: Scale, width: int, height: int, reserved: list[Rect]
) -> list[Element]:
    """What marks polyps: heatmap, tints, contours and, last, labels."""
    marks: list[Element] = []
    opacity = _opacity(settings)
    heat = heatmap(prediction, width, height, opacity) if settings.heatmap else None
    if heat is not None:
        marks.append(heat)
    if settings.mask and opacity > 0:
        share = opacity * (_TINT_UNDER_HEATMAP if heat is not None else 1.0)
        marks += [Tint(detection.contour, share) for detection in prediction.detections]
    if settings.contour:
        marks += [Outline(detection.contour, scale.line) for detection in prediction.detections]
    if settings.scores:
        marks += place_labels(prediction.detections, scale, width, height, reserved)
    return marks
