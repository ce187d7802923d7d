"""Whether a probability of 0.8 is right in eight of ten pixels: reliability curve and expected calibration error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polyplive.types import FloatMap, Mask

BINS = 15


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """Sums over the pixels whose probability lies in each of ``BINS`` equal parts of [0, 1]: float64 [BINS] each."""

    pixels: NDArray[np.float64]
    probability: NDArray[np.float64]
    truth: NDArray[np.float64]

    @classmethod
    def of(cls, probability: FloatMap, truth: Mask) -> Reliability:
        """The sums of one picture: ``probability`` float32 [H, W], ``truth`` bool of any size over the same field."""
        height, width = probability.shape
        small = cv2.resize(truth.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
        bins = np.minimum((probability * BINS).astype(int), BINS - 1).ravel()
        pixels, probabilities, truths = (
            np.bincount(bins, weights, BINS).astype(np.float64)
            for weights in (None, probability.ravel(), small.ravel())
        )
        return cls(pixels, probabilities, truths)

    def __add__(self, other: Reliability) -> Reliability:
        return Reliability(self.pixels + other.pixels, self.probability + other.probability, self.truth + other.truth)

    @property
    def expected_error(self) -> float:
        """Mean over pixels of |frequency - probability| by bins, for "is polyp" (ECE: Guo et al., ICML 2017)."""
        return float(np.abs(self.truth - self.probability).sum() / self.pixels.sum())

    def as_json(self) -> dict[str, Any]:
        """The error, and the curve: for each bin with pixels its mean probability and the share that is polyp."""
        curve = [
            {
                "pixels": int(pixels),
                "probability": round(float(probability / pixels), 5),
                "polyp": round(float(truth / pixels), 5),
            }
            for pixels, probability, truth in zip(self.pixels, self.probability, self.truth, strict=True)
            if pixels
        ]
        return {"expected_error": round(self.expected_error, 5), "curve": curve}
