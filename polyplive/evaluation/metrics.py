"""Figures of agreement between a predicted and a true mask.

"Mean IoU" means different things in different papers. Three readings are kept apart here. ``per_image`` is the mean
over images of the polyp's IoU. ``pooled`` is the IoU of all pixels together. ``two_class`` is the mean of the polyp's
and the background's pooled IoU, as Keras' MeanIoU counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from polyplive.types import Mask

BOUNDARY_TOLERANCE = 0.0075
"""How far apart two boundaries may run and still agree, as a share of the picture's diagonal."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Pixels of one picture, or of many: true and false positives, false and true negatives."""

    tp: int
    fp: int
    fn: int
    tn: int

    @classmethod
    def of(cls, predicted: Mask, truth: Mask) -> Counts:
        """Count two bool masks of the same [H, W]."""
        tp = int(np.count_nonzero(predicted & truth))
        fp = int(np.count_nonzero(predicted)) - tp
        fn = int(np.count_nonzero(truth)) - tp
        return cls(tp, fp, fn, truth.size - tp - fp - fn)

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn, self.tn + other.tn)

    @property
    def iou(self) -> float:
        """TP / (TP + FP + FN); 1 when there is nothing to find and nothing was found."""
        return _ratio(self.tp, self.tp + self.fp + self.fn)

    @property
    def dice(self) -> float:
        """2 TP / (2 TP + FP + FN); 1 when there is nothing to find and nothing was found."""
        return _ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def precision(self) -> float:
        """TP / (TP + FP); 1 when nothing was found."""
        return _ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        """TP / (TP + FN); 1 when there is nothing to find."""
        return _ratio(self.tp, self.tp + self.fn)

    @property
    def background_iou(self) -> float:
        """TN / (TN + FP + FN)."""
        return _ratio(self.tn, self.tn + self.fp + self.fn)


def boundary_f(predicted: Mask, truth: Mask, tolerance: float = BOUNDARY_TOLERANCE) -> float:
    """Boundary F-score in [0, 1] of two bool masks [H, W].

    After Csurka et al., "What is a good evaluation measure for semantic segmentation?", BMVC 2013. Precision is the
    share of the predicted boundary that lies within ``tolerance`` of the true one, recall the reverse; their harmonic
    mean is the score. ``tolerance`` is a share of the picture's diagonal. 1 when neither has a boundary.
    """
    predicted_edge, true_edge = _edge(predicted), _edge(truth)
    if not predicted_edge.any() or not true_edge.any():
        return float(not predicted_edge.any() and not true_edge.any())
    reach = tolerance * float(np.hypot(*truth.shape))
    precision = float((_distance_to(true_edge)[predicted_edge] <= reach).mean())
    recall = float((_distance_to(predicted_edge)[true_edge] <= reach).mean())
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def _edge(mask: Mask) -> Mask:
    """The mask's own outermost pixels; the picture's border is no edge."""
    grey = mask.astype(np.uint8)
    eroded = cv2.erode(grey, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_REPLICATE)
    outline: Mask = mask & (eroded == 0)
    return outline


def _distance_to(edge: Mask) -> NDArray[np.float32]:
    distances: NDArray[np.float32] = cv2.distanceTransform((~edge).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return distances
