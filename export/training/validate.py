"""How good the weights are after an epoch, on pictures that are not trained on."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch

from polyplive.evaluation.metrics import Counts

from ..data.dataset import Sample, batches
from ..networks.segmentation import SegmentationNetwork

SPECK = 0.002
"""A marked region smaller than this share of the picture does not count as a false mark: the application drops it."""


@dataclass(frozen=True, slots=True)
class Validation:
    """``iou`` and ``dice`` of the polyp, means over pictures; how many of the ``negatives`` are marked.

    ``false_marks`` is the share of the negatives, 0 where there are none.
    """

    iou: float
    dice: float
    false_marks: float
    negatives_marked: int
    negatives: int


def probabilities(network: SegmentationNetwork, samples: list[Sample], size: int) -> np.ndarray:
    """float32 [N, size, size] in [0, 1], on the network's device."""
    device = next(network.parameters()).device
    found = []
    network.eval()
    with torch.inference_mode():
        for pixels, _ in batches(samples, size, 16, (0,), None):
            found.append(network(network.normalise(pixels.to(device))).sigmoid()[:, 0].float().cpu().numpy())
    return np.concatenate(found) if found else np.zeros((0, size, size), np.float32)


def validate(
    network: SegmentationNetwork, polyps: list[Sample], negatives: list[Sample], size: int, threshold: float = 0.5
) -> Validation:
    """Compare pixel by pixel at the size at which the samples were loaded (352 or the input's, if that is larger).

    Close to what ``polyplive evaluate`` measures on the exported graph, which also leaves out specks and counts holes
    as inside.
    """
    scores = []
    for sample, probability in zip(polyps, probabilities(network, polyps, size), strict=True):
        full = cv2.resize(probability, sample.mask.shape[::-1], interpolation=cv2.INTER_LINEAR)
        scores.append(Counts.of(full >= threshold, sample.mask > 127))
    marked = [_largest(probability >= threshold) >= SPECK for probability in probabilities(network, negatives, size)]
    return Validation(
        iou=float(np.mean([counts.iou for counts in scores])),
        dice=float(np.mean([counts.dice for counts in scores])),
        false_marks=float(np.mean(marked)) if marked else 0.0,
        negatives_marked=sum(marked),
        negatives=len(marked),
    )


def _largest(mask: np.ndarray) -> float:
    """The largest connected region's share of the picture."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    return float(stats[1:, cv2.CC_STAT_AREA].max(initial=0)) / mask.size
