"""How much the heat on screen flickers: what changes from frame to frame and is no motion of the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from polyplive.overlay.heat_levels import heat_levels
from polyplive.overlay.target import Target

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from polyplive.types import FloatMap, Frame, OverlaySettings, Prediction

_SIDE = 192
"""Rows and columns at which frames and heat are compared: much finer than a map, and than the motion of a session."""


def flicker(results: Iterable[tuple[Frame, Prediction]], settings: OverlaySettings) -> float | None:
    """The mean change of the heat that ``settings`` show between neighbours, as a share of its mean.

    ``results`` are frames of one size in their order, each with its prediction. The earlier heat is first moved with
    the picture (Farneback, SCIA 2003, on 192x192 pixels). Only neighbours that both show heat of the same findings are
    compared: that one comes or goes is no flicker of its map. None where there are none.
    """
    change = total = 0.0
    last: tuple[frozenset[int], NDArray[np.uint8], FloatMap] | None = None
    for frame, prediction in results:
        tracks = frozenset(one.track for one in prediction.detections)
        grey = cv2.resize(cv2.cvtColor(frame.image, cv2.COLOR_BGR2GRAY), (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
        heat = _shown(frame, prediction, settings)
        if last is not None and tracks and tracks == last[0]:
            change += float(np.abs(heat - _moved(last[2], last[1], grey)).mean())
            total += float(heat.mean())
        last = tracks, grey, heat
    return change / total if total > 0 else None


def _shown(frame: Frame, prediction: Prediction, settings: OverlaySettings) -> FloatMap:
    """float32 [192, 192] over the frame: levels, as far as they are shown, in [0, 1]."""
    shown = np.zeros((_SIDE, _SIDE), np.float32)
    found = heat_levels(prediction, Target((frame.width, frame.height), _SIDE, _SIDE), settings)
    if found is not None:
        gate = 255 if found.gate is None else found.gate.astype(np.float32)
        shown[found.rect.slices] = found.levels * (gate * np.float32(1 / 255**2))
    return shown


def _moved(heat: FloatMap, before: NDArray[np.uint8], after: NDArray[np.uint8]) -> FloatMap:
    """The heat of the frame before where the picture has taken it."""
    flow = cv2.calcOpticalFlowFarneback(after, before, None, 0.5, 4, 15, 3, 5, 1.1, 0)
    rows, columns = np.mgrid[0:_SIDE, 0:_SIDE].astype(np.float32)
    places = flow + np.stack((columns, rows), axis=2)
    found: FloatMap = cv2.remap(heat, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return found
