"""What a heatmap has to be better than, put through the same measures: mask, probability, and the picture's centre."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from polyplive.types import FloatMap

MASK, PROBABILITY, CENTRE = "predicted mask", "probability", "centre"
CONTROLS = (MASK, PROBABILITY, CENTRE)
"""Their names, which stand beside those of maps."""

SIGMA = 0.25
"""The standard deviations of the Gaussian at the centre, as shares of height and width."""


def controls(probability: FloatMap, threshold: float) -> dict[str, FloatMap]:
    """A map float32 [H, W] for each of ``CONTROLS``, at the size of ``probability`` float32 [H, W].

    The mask is 1 where the probability is at least ``threshold``, and 0 elsewhere. The centre knows nothing of the
    picture: people hold what they look at in the middle.
    """
    height, width = probability.shape
    return {
        MASK: (probability >= threshold).astype(np.float32),
        PROBABILITY: probability,
        CENTRE: centre(height, width),
    }


def centre(height: int, width: int) -> FloatMap:
    """A Gaussian float32 [``height``, ``width``] of ``SIGMA``, 1 in the middle of the picture."""
    down = (np.arange(height) - (height - 1) / 2) / (SIGMA * height)
    right = (np.arange(width) - (width - 1) / 2) / (SIGMA * width)
    gaussian: FloatMap = np.exp(-(down[:, None] ** 2 + right**2) / 2).astype(np.float32)
    return gaussian
