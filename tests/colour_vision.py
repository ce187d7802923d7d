"""How a colour is seen with a deficiency of colour vision, and how far apart two colours are.

The matrices are those of Machado, Oliveira and Fernandes (2009), A physiologically-based model for simulation of color
vision deficiency, at severity 1.0; they work on linear RGB. Contrast is that of WCAG 2, difference that of CIELAB.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import ArrayLike

DEFICIENCIES = {
    "none": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


def seen_as(bgr: ArrayLike, deficiency: str) -> np.ndarray:
    """Colours or pictures (0 to 255) as linear RGB, float64 [..., 3] in [0, 1], as such a viewer sees them."""
    encoded = np.asarray(bgr)[..., ::-1] / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return np.clip(linear @ DEFICIENCIES[deficiency].T, 0, 1)


def contrast(one: tuple[int, int, int], other: tuple[int, int, int], deficiency: str = "none") -> float:
    """The ratio of their luminances for such a viewer, from 1 to 21."""
    low, high = sorted(float(_LUMINANCE @ seen_as(colour, deficiency)) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def difference(one: ArrayLike, other: ArrayLike, deficiency: str) -> np.ndarray:
    """How far apart they are in CIELAB (CIE 1976), [...]: one of 2.3 is just noticed."""
    return np.linalg.norm(_lab(one, deficiency) - _lab(other, deficiency), axis=-1)


def _lab(bgr: ArrayLike, deficiency: str) -> np.ndarray:
    linear = seen_as(bgr, deficiency)
    encoded = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055).astype(np.float32)
    return cv2.cvtColor(encoded.reshape(1, -1, 3), cv2.COLOR_RGB2Lab).reshape(encoded.shape)
