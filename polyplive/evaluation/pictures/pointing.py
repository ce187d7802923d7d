"""How well the heatmap of a picture points at the polyp: three figures that cost nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2

from polyplive.explanation.correlation import pearson
from polyplive.explanation.energy import energy
from polyplive.explanation.pointing import hits

if TYPE_CHECKING:
    from polyplive.types import FloatMap, Mask


@dataclass(frozen=True, slots=True)
class Pointing:
    """``hit``: the map's highest point lies in the polyp. ``energy_inside``: the share of its sum that does, in [0, 1].

    ``mask_correlation``: Pearson's correlation of the map with the predicted probability, in [-1, 1]; near 1 the map
    would only repeat the mask.
    """

    hit: bool
    energy_inside: float
    mask_correlation: float


def point(cam: FloatMap, probability: FloatMap, truth: Mask) -> Pointing | None:
    """Compare a raw CAM [h, w] with the truth [H, W] of the same region; None when the map is zero everywhere.

    ``probability`` is float32 [H', W']; the map is compared at that size and at the truth's, resized linearly.
    """
    height, width = truth.shape
    at_truth = cv2.resize(cam, (width, height), interpolation=cv2.INTER_LINEAR)
    found = energy(at_truth, truth)
    if found is None:
        return None
    at_probability = cv2.resize(cam, probability.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return Pointing(hits(at_truth, truth), found.inside, pearson(at_probability, probability) or 0.0)
