"""What is drawn, at whatever size, and a frame with that drawn on it."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING

import numpy as np

from polyplive.overlay.heatmap import heatmap
from polyplive.overlay.hud import place_hud
from polyplive.overlay.regions import Outline, Tint, place_labels
from polyplive.overlay.reshaped import Reshaped
from polyplive.overlay.target import Target
from polyplive.strength import Strength
from polyplive.types import SQUARE, Frame, OverlaySettings, SessionState

if TYPE_CHECKING:
    from collections.abc import Iterable
    from fractions import Fraction

    from numpy.typing import NDArray

    from polyplive.overlay.element import Element
    from polyplive.overlay.hud import Line
    from polyplive.overlay.legend import Legend
    from polyplive.overlay.regions import Label
    from polyplive.types import Hud, Image, Prediction

_TINT_UNDER_HEATMAP = 0.25
"""With heat shown the mask's tint has this share of its opacity, so that colours and lines stay readable."""


def compose(
    frame: Frame | Image,
    prediction: Prediction | None,
    settings: OverlaySettings | None = None,
    hud: Hud | None = None,
    out: Image | None = None,
) -> Image:
    """Draw the overlay on ``frame``'s picture: gives uint8 [H, W, 3] BGR, a new array that the caller owns.

    ``frame`` may be a picture alone: uint8 [H, W, 3] BGR. ``prediction`` None draws no overlay, ``settings`` None is
    the usual overlay, ``hud`` None draws no state, no figures and no caption. Outside of ``footprint`` every pixel is
    the frame's own, bit for bit. Where the frame's pixels are not square, text is drawn so that it looks right in the
    true shape.
    No argument is changed but ``out``: an array of the frame's shape that is filled and returned
    instead of a new one. Any thread. Raises ``ImageError`` where ``frame`` is no picture, and where ``prediction`` is
    of a frame of another size; ``ValueError`` where ``out`` does not fit.
    """
    if not isinstance(frame, Frame):
        frame = Frame(frame)
    if prediction is not None:
        prediction.check_is_of(frame.shape)
    if out is None:
        out = np.empty(frame.shape, np.uint8)
    elif out.shape != frame.shape or out.dtype != np.uint8 or not out.flags.c_contiguous:
        raise ValueError(f"expected a contiguous uint8 array {frame.shape}, received {out.dtype} {out.shape}")
    frame.picture.bgr_into(out)
    target = Target.of_frame(frame.shape, frame.sample_aspect)
    for element in elements(target, prediction, settings or OverlaySettings(), hud):
        element.draw(out)
    return out


def footprint(
    shape: tuple[int, ...],
    prediction: Prediction | None,
    settings: OverlaySettings,
    hud: Hud | None = None,
    sample_aspect: Fraction = SQUARE,
) -> NDArray[np.bool_]:
    """Where ``compose`` may change a frame of ``shape`` ([H, W, ...]) with such pixels: bool [H, W]."""
    target = Target.of_frame(shape, sample_aspect)
    return covered(target, elements(target, prediction, settings, hud))


def covered(target: Target, drawn: Iterable[Element]) -> NDArray[np.bool_]:
    """Where ``drawn`` may change a picture of ``target``: bool [H, W]."""
    mask = np.zeros((target.height, target.width), np.uint8)
    for element in drawn:
        element.cover(mask)
    return mask > 0


def elements(
    target: Target, prediction: Prediction | None, settings: OverlaySettings, hud: Hud | None
) -> list[Element]:
    """Everything that is drawn on ``target``, in the order in which it is drawn.

    It is the one description of the overlay, for recordings, snapshots and views alike. What marks a polyp lies where
    the prediction's coordinates are; lines and text are as large as goes with the target.
    """
    pads = corners(target, settings, hud)
    if prediction is None or not settings.visible:
        return _on(target, pads)
    named = labels(target, prediction, settings, pads, hud)
    return [*marks(target, prediction, settings), *_on(target, [*named, *pads])]


def marks(target: Target, prediction: Prediction, settings: OverlaySettings) -> list[Element]:
    """What marks polyps: heatmap, tints and contours, whether or not the overlay is ``visible``.

    What nearly fired has its contours only where heat explains that.
    """
    found: list[Element] = []
    opacity = min(max(settings.opacity, 0.0), 1.0)
    heat = heatmap(prediction, target, settings) if settings.heatmap is not False else None
    if heat is not None:
        found.append(heat)
    contours = [target.corners(detection.contour) for detection in prediction.detections]
    if settings.mask and opacity > 0:
        share = opacity * (_TINT_UNDER_HEATMAP if heat is not None else 1.0)
        found += [Tint(contour, share, bits) for contour, bits in contours]
    if settings.contour:
        strengths = [detection.strength or Strength.of(detection.score) for detection in prediction.detections]
        found += [
            Outline(contour, target.scale.line, bits, strength)
            for (contour, bits), strength in zip(contours, strengths, strict=True)
        ]
        if prediction.cam is not None and settings.heatmap is not False:  # a part of what heat explains
            near = [target.corners(contour) for contour in prediction.near or ()]
            found += [Outline(contour, target.scale.line, bits, None) for contour, bits in near]
    return found


def labels(
    target: Target,
    prediction: Prediction,
    settings: OverlaySettings,
    pads: Iterable[Line | Legend],
    hud: Hud | None = None,
) -> list[Label]:
    """A label for each polyp of which something is seen, clear of ``pads``; in the target's ``shown`` pixels.

    ``hud`` may have other names for them.
    """
    if not settings.scores:
        return []
    places = [(one, target.box(one.bbox).clipped(*target.shown)) for one in prediction.detections]
    seen = [(one, place) for one, place in places if place is not None]
    reserved = [pad.rect for pad in pads]
    found, at = [one for one, _ in seen], [place for _, place in seen]
    return place_labels(found, at, target.scale, *target.shown, reserved, dict(hud.names) if hud is not None else {})


@functools.lru_cache(maxsize=8)  # the same text stands there for several frames
def corners(target: Target, settings: OverlaySettings, hud: Hud | None) -> tuple[Line | Legend, ...]:
    """What stands in the corners, placed in the target's ``shown`` pixels."""
    if hud is not None and not settings.visible and hud.state is SessionState.READY:
        hud = dataclasses.replace(hud, state=SessionState.OVERLAY_OFF)
    return tuple(place_hud(hud, settings, target.scale, *target.shown))


def _on(target: Target, pads: Iterable[Line | Legend | Label]) -> list[Element]:
    """``pads``, which are placed among square pixels, on the target's own."""
    if target.shown == (target.width, target.height):
        return list(pads)
    return [Reshaped.of(pad, target.sample_aspect, target.width, target.height) for pad in pads]
