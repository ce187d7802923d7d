"""Figures of how well a heatmap points at the polyp, for one picture at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from polyplive.types import FloatMap, Mask


@dataclass(frozen=True, slots=True)
class Pointing:
    """``hit``: the map's highest point lies in the polyp (Zhang et al., "Top-down neural attention by excitation

    backprop", ECCV 2016). ``energy_inside``: the share of the map's sum that does, in [0, 1] (Wang et al.,
    "Score-CAM", CVPR-W 2020). ``mask_correlation``: Pearson's correlation of the map with the predicted probability,
    in [-1, 1]; near 1 the map would only repeat the mask.
    """

    hit: bool
    energy_inside: float
    mask_correlation: float


def point(cam: FloatMap, probability: FloatMap, truth: Mask) -> Pointing | None:
    """Compare a raw CAM [h, w] with the truth [H, W] of the same region; None when the map is zero everywhere.

    ``probability`` is float32 [H', W']; both maps are compared at that size and at the truth's, resized linearly.
    """
    if not cam.any():
        return None
    height, width = truth.shape
    at_truth = cv2.resize(cam, (width, height), interpolation=cv2.INTER_LINEAR)
    at_probability = cv2.resize(cam, probability.shape[::-1], interpolation=cv2.INTER_LINEAR)
    row, column = np.unravel_index(int(at_truth.argmax()), at_truth.shape)
    spread = float(at_probability.std()) * float(probability.std())
    covariance = float(((at_probability - at_probability.mean()) * (probability - probability.mean())).mean())
    return Pointing(
        hit=bool(truth[row, column]),
        energy_inside=float(at_truth[truth].sum(dtype=np.float64) / at_truth.sum(dtype=np.float64)),
        mask_correlation=covariance / spread if spread > 0 else 0.0,
    )
