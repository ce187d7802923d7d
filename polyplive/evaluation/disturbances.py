"""Image disturbances for robustness measurements, each of one fixed strength.

They are not for training: a network trained on exactly these would look more robust than it is. Sizes are shares of the
picture's shorter side.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np

from polyplive.types import Image, Mask

if TYPE_CHECKING:
    from numpy.typing import NDArray

Disturbance: TypeAlias = Callable[[Image, Mask, np.random.Generator], tuple[Image, Mask]]
"""(image uint8 [H, W, 3] BGR, truth bool [H, W], generator) -> new image and truth of the same size."""


def generator_for(stem: str) -> np.random.Generator:
    """A random generator that depends only on the picture's name."""
    return np.random.default_rng(zlib.crc32(stem.encode()))


def motion_blur(image: Image, truth: Mask, rng: np.random.Generator) -> tuple[Image, Mask]:
    """The scope moves by 4% during one exposure, in any direction."""
    length = max(3, round(0.04 * min(truth.shape)))
    return streaked(image, length, float(rng.uniform(0, 180))), truth


def defocus(image: Image, truth: Mask, rng: np.random.Generator) -> tuple[Image, Mask]:
    """Every point becomes a disc of 1.2% radius."""
    radius = max(1, round(0.012 * min(truth.shape)))
    return _filtered(image, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2)), truth


def over_exposed(image: Image, truth: Mask, rng: np.random.Generator) -> tuple[Image, Mask]:
    """1.8 times as bright, clipped."""
    return cv2.convertScaleAbs(image, alpha=1.8), truth


def under_exposed(image: Image, truth: Mask, rng: np.random.Generator) -> tuple[Image, Mask]:
    """A third of the brightness."""
    return cv2.convertScaleAbs(image, alpha=1 / 3), truth


def glare(image: Image, truth: Mask, rng: np.random.Generator) -> tuple[Image, Mask]:
    """Twelve wet reflections, half-axes of 1% to 4%, with soft edges."""
    height, width = truth.shape
    light = np.zeros((height, width), np.float32)
    for _ in range(12):
        centre = int(rng.integers(0, width)), int(rng.integers(0, height))
        axes = [max(1, round(share * min(height, width))) for share in rng.uniform(0.01, 0.04, 2)]
        cv2.ellipse(light, centre, (axes[0], axes[1]), float(rng.uniform(0, 180)), 0, 360, 1.0, cv2.FILLED)
    light = cv2.GaussianBlur(light, (0, 0), 0.005 * min(height, width))[..., None]
    return (image + (255 - image) * light).astype(np.uint8), truth


def colour_cast(image: Image, truth: Mask, rng: np.random.Generator) -> tuple[Image, Mask]:
    """A white balance that is off by 40% (in logarithms of the three gains), towards any colour."""
    direction = rng.normal(size=3)
    direction -= direction.mean()
    gains = np.exp(0.4 * direction / np.linalg.norm(direction))
    return np.clip(image * gains, 0, 255).astype(np.uint8), truth


def jpeg(image: Image, truth: Mask, rng: np.random.Generator) -> tuple[Image, Mask]:
    """JPEG of quality 30."""
    return compressed(image, 30), truth


def compressed(image: Image, quality: int) -> Image:
    """``image`` after JPEG compression of this ``quality``, 0 to 100."""
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def interlaced(image: Image, truth: Mask, rng: np.random.Generator) -> tuple[Image, Mask]:
    """Two fields, between which the scope moved sideways by 3%."""
    shift = max(1, round(0.03 * min(truth.shape))) * int(rng.choice([-1, 1]))
    combed = image.copy()
    combed[1::2] = np.roll(image, shift, axis=1)[1::2]
    return combed, truth


def low_resolution(image: Image, truth: Mask, rng: np.random.Generator) -> tuple[Image, Mask]:
    """A quarter of the pixels each way."""
    height, width = truth.shape
    small = cv2.resize(image, (max(1, width // 4), max(1, height // 4)), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8), truth


def black_border(image: Image, truth: Mask, rng: np.random.Generator) -> tuple[Image, Mask]:
    """The picture at three quarters of its size in a black frame, as some recorders give it."""
    height, width = truth.shape
    return _moved(image, truth, np.array([[0.75, 0, width / 8], [0, 0.75, height / 8]]))


def rotated(image: Image, truth: Mask, rng: np.random.Generator) -> tuple[Image, Mask]:
    """Turned by any angle; corners that are left empty are black."""
    height, width = truth.shape
    return _moved(image, truth, cv2.getRotationMatrix2D((width / 2, height / 2), float(rng.uniform(0, 360)), 1))


DISTURBANCES: dict[str, Disturbance] = {
    "motion blur": motion_blur,
    "defocus": defocus,
    "over-exposed": over_exposed,
    "under-exposed": under_exposed,
    "glare": glare,
    "colour cast": colour_cast,
    "JPEG at 30": jpeg,
    "interlaced": interlaced,
    "low resolution": low_resolution,
    "black border": black_border,
    "rotated": rotated,
}


def streaked(image: Image, length: int, direction: float) -> Image:
    """Every point becomes a line of ``length`` pixels, turned by ``direction`` degrees."""
    line = np.zeros((length, length), np.float32)
    line[length // 2] = 1
    turn = cv2.getRotationMatrix2D(((length - 1) / 2, (length - 1) / 2), direction, 1)
    return _filtered(image, cv2.warpAffine(line, turn, (length, length)))


def _filtered(image: Image, kernel: NDArray[np.generic]) -> Image:
    weights = kernel.astype(np.float32)
    return np.asarray(cv2.filter2D(image, -1, weights / weights.sum(), borderType=cv2.BORDER_REFLECT), np.uint8)


def _moved(image: Image, truth: Mask, matrix: NDArray[np.floating]) -> tuple[Image, Mask]:
    size = truth.shape[1], truth.shape[0]
    moved = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR)
    mask = cv2.warpAffine(truth.astype(np.uint8), matrix, size, flags=cv2.INTER_NEAREST)
    return np.asarray(moved, np.uint8), mask.astype(bool)
