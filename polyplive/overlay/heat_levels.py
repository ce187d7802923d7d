"""Where a heatmap lies on a target, how strong it is there, and where it belongs to a finding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from polyplive.overlay.element import Rect
from polyplive.overlay.enlarging import made_finer
from polyplive.overlay.heat_gate import gate_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polyplive.overlay.target import Target
    from polyplive.types import Contour, FloatMap, OverlaySettings, Prediction

CUTOFF = 24
"""Levels (of 255) below this are not drawn: the heatmap ends somewhere, and the rest of the frame stays untouched."""


@dataclass(frozen=True, slots=True, eq=False)
class HeatLevels:
    """Heat on the pixels of ``rect``, which lies inside of the picture.

    ``levels`` are uint8 [h, w], 255 at full scale. ``gate`` is uint8 [h, w]: 255 where heat belongs to a finding, 0
    where it does not and is hidden, between them at a finding's margin; None where all heat is shown.
    """

    rect: Rect
    levels: NDArray[np.uint8]
    gate: NDArray[np.uint8] | None = None

    @property
    def drawn(self) -> NDArray[np.bool_]:
        """bool [h, w]: where heat is drawn."""
        above = self.levels >= CUTOFF
        return above if self.gate is None else above & (self.gate > 0)


def heat_of(prediction: Prediction) -> FloatMap | None:
    """The raw map as a share of full scale: float32 [h, w] in [0, 1]; None where there is no map.

    It is never rescaled by the frame: a weak map stays weak.
    """
    if prediction.cam is None:
        return None
    share: FloatMap = np.clip(np.nan_to_num(prediction.cam) / max(prediction.cam_full_scale, 1e-12), 0.0, 1.0)
    return share.astype(np.float32)


def levels_of(share: FloatMap) -> NDArray[np.uint8]:
    """A map of shares of full scale, made finer: uint8, 255 at 1 and above."""
    finer = made_finer(np.clip(share, 0.0, 1.0).astype(np.float32))
    levels: NDArray[np.uint8] = np.rint(finer * 255).astype(np.uint8)
    return levels


def heat_levels(prediction: Prediction, target: Target, settings: OverlaySettings) -> HeatLevels | None:
    """The heat of ``prediction`` that is shown on ``target``; None where there is none."""
    share = prediction.steady_heat if settings.heat_smoothing else None
    if share is None:
        share = heat_of(prediction)
    if share is None or share.size == 0:
        return None
    finer = levels_of(share)
    gate = None
    if not settings.heat_everywhere or settings.heat_of is not None:
        outlines = _explained(prediction, settings.heat_of)
        gate = gate_of(outlines, prediction.cam_roi, finer.shape, finer.shape[0] // share.shape[0])
    x, y, w, h = cv2.boundingRect(HeatLevels(Rect(0, 0, 0, 0), finer, gate).drawn.view(np.uint8))
    roi = target.region(prediction.cam_roi)
    rect = _in_frame(x, y, w, h, finer.shape, roi, target.width, target.height) if w and h else None
    if rect is None:
        return None
    place = _stretch if target.crop is None else _warp
    return HeatLevels(rect, place(finer, roi, rect), None if gate is None else place(gate, roi, rect))


def _explained(prediction: Prediction, heat_of: int | None) -> list[Contour]:
    """The outlines that heat is shown at: of all that it explains, or of finding number ``heat_of`` alone."""
    if prediction.near is not None and heat_of is None:
        return list(prediction.near)
    return [one.contour for one in prediction.detections if heat_of in (None, one.track)]


def _in_frame(
    x: int, y: int, w: int, h: int, shape: tuple[int, ...], roi: Rect, width: int, height: int
) -> Rect | None:
    """The frame's pixels that a box (x, y, w, h) of the finer map covers, with a margin of one map pixel."""
    scale_x, scale_y = roi.width / shape[1], roi.height / shape[0]
    left = max(roi.x + int(np.floor((x - 1) * scale_x)), roi.x, 0)
    top = max(roi.y + int(np.floor((y - 1) * scale_y)), roi.y, 0)
    right = min(roi.x + int(np.ceil((x + w + 1) * scale_x)), roi.x + roi.width, width)
    bottom = min(roi.y + int(np.ceil((y + h + 1) * scale_y)), roi.y + roi.height, height)
    return Rect(left, top, right - left, bottom - top) if right > left and bottom > top else None


def _stretch(finer: NDArray[np.uint8], roi: Rect, rect: Rect) -> NDArray[np.uint8]:
    """The finer map, which covers ``roi``, at the pixels of ``rect``; pixel centres map as in ``preprocess``.

    Stretching all of it and taking a part costs less than warping the part alone, unless that is below a sixth.
    """
    whole: NDArray[np.uint8] = cv2.resize(finer, (roi.width, roi.height), interpolation=cv2.INTER_LINEAR)
    left, top = rect.x - roi.x, rect.y - roi.y
    return np.ascontiguousarray(whole[top : top + rect.height, left : left + rect.width])


def _warp(finer: NDArray[np.uint8], roi: Rect, rect: Rect) -> NDArray[np.uint8]:
    """The same where ``rect`` is a small part of ``roi``, which a view that is zoomed does not show whole."""
    across, down = finer.shape[1] / roi.width, finer.shape[0] / roi.height
    to_finer = np.array(
        [
            [across, 0, (rect.x - roi.x + 0.5) * across - 0.5],
            [0, down, (rect.y - roi.y + 0.5) * down - 0.5],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    levels = cv2.warpAffine(finer, to_finer, (rect.width, rect.height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(levels, np.uint8)
