"""Where a heatmap's energy lies: in the polyp, in its surroundings, or elsewhere.

The share inside is the energy-based pointing game of Wang et al., "Score-CAM: score-weighted visual explanations for
convolutional neural networks", CVPR-W 2020. It is also called relevance mass accuracy (Arras, Osman and Samek,
"CLEVR-XAI", Information Fusion 2022), as is the relevance rank accuracy beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from polyplive.explanation.ordering import first_of, relevance_order

if TYPE_CHECKING:
    from polyplive.types import FloatMap, Mask

BAND = 0.5
"""How far the surroundings reach, as a share of the radius of a disc of the polyp's area."""


@dataclass(frozen=True, slots=True)
class Energy:
    """Shares of the map's sum, in [0, 1]; together they are 1."""

    inside: float
    around: float
    elsewhere: float


def energy(shown: FloatMap, truth: Mask) -> Energy | None:
    """The shares of ``shown`` float32 [H, W], at least 0, in ``truth`` bool [H, W], in its surroundings and elsewhere.

    None where the map is zero everywhere.
    """
    total = float(shown.sum(dtype=np.float64))
    if total <= 0:
        return None
    inside = float(shown[truth].sum(dtype=np.float64)) / total
    around = float(shown[surroundings(truth)].sum(dtype=np.float64)) / total
    return Energy(inside, around, max(1.0 - inside - around, 0.0))


def surroundings(truth: Mask) -> Mask:
    """bool [H, W]: the pixels outside of ``truth`` that are no farther from it than the band is wide.

    Several polyps have one radius, that of a disc of their whole area. None of the pixels where there is no polyp.
    """
    if not truth.any():
        return np.zeros_like(truth)
    width = BAND * float(np.sqrt(np.count_nonzero(truth) / np.pi))
    distance = cv2.distanceTransform((~truth).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    band: Mask = (distance > 0) & (distance <= width)
    return band


def rank_accuracy(shown: FloatMap, truth: Mask, seed: int = 0) -> float:
    """Of the highest pixels of ``shown`` float32 [H, W], as many as ``truth`` bool [H, W] has: the share inside it.

    In [0, 1]. Equal pixels are drawn by ``seed``. Raises ``ValueError`` where there is no polyp.
    """
    share = np.count_nonzero(truth) / truth.size
    if not share:
        raise ValueError("expected a truth with a pixel at least")
    highest = first_of(relevance_order(shown, seed), share, truth.shape)
    return float(truth[highest].mean())
