"""Draws what spoils a view: water, bubbles, stool, an instrument, the wall on the lens, blur, wrong exposure.

Sizes are shares of the picture's shorter side. The same :class:`Moment` gives the same pixels.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from polyplive.sources.colon.numerics import Floats, smooth_noise
from polyplive.sources.colon.script import Condition
from polyplive.types import Image

_OPAQUE = 0.5  # what is drawn more solidly than this covers the pixel


@dataclass(frozen=True, slots=True)
class Moment:
    """A disturbance at one time.

    ``strength`` is 0 to 1; ``seconds`` since its start; ``part`` of its time gone by (0 to 1). ``aim`` is what it goes
    for: x, y and radius in pixels. ``seed`` makes its generator, so that its shapes stay the same from frame to frame.
    """

    strength: float
    seconds: float
    part: float
    aim: tuple[float, float, float]
    seed: tuple[int, ...]

    def generator(self) -> np.random.Generator:
        """A fresh generator."""
        return np.random.default_rng(self.seed)


Drawn = tuple[Image, NDArray[np.bool_] | None]
"""The spoilt picture, and the pixels [H, W] whose surface can no longer be seen; None where all can."""


def spoil(image: Image, condition: Condition, moment: Moment) -> Drawn:
    """``image`` (uint8 [H, W, 3], BGR) spoilt in that way; a new picture."""
    return _DRAWERS[condition](image, moment)


ORDER: tuple[Condition, ...] = (
    "stool",
    "water",
    "instrument",
    "bubbles",
    "red-out",
    "defocus",
    "motion blur",
    "over-exposed",
    "under-exposed",
)
"""From the wall to the sensor: what comes later spoils what came before as well."""


def _stool(image: Image, moment: Moment) -> Drawn:
    """A brown mass that slides over the aim and away again."""
    rng = moment.generator()
    x, y, radius = moment.aim
    side = min(image.shape[:2])
    radius = max((0.3 + 0.95 * moment.strength) * radius, 0.06 * side)
    heading = float(rng.uniform(0, 2 * math.pi))
    travel = (2 * moment.part - 1) ** 3 * 2.6 * radius
    x, y = x + travel * math.cos(heading), y + travel * math.sin(heading)
    columns, rows = _grid(image)
    lumps = smooth_noise(rng, columns.shape, (7, 8))
    grain = smooth_noise(rng, columns.shape, (26, 32))
    inside = radius * (1 + 0.12 * lumps) - np.hypot(columns - x, rows - y)
    alpha = np.clip(inside / (0.012 * side) + 0.5, 0, 1)
    alpha *= min(1.0, moment.strength * 4)
    height = np.clip(inside / radius, 0, 1) ** np.float32(0.5)
    shade = 0.5 + 0.5 * height + 0.035 * grain + 0.05 * lumps
    return _laid_over(image, np.array([36, 84, 140], np.float32) * shade[..., None], np.asarray(alpha, np.float32))


def _water(image: Image, moment: Moment) -> Drawn:
    """A yellowish film that runs over the lens and bends the view."""
    rng = moment.generator()
    columns, rows = _grid(image)
    side = min(image.shape[:2])
    bends = [smooth_noise(rng, columns.shape, (5, 6)) for _ in range(2)]
    drift = int(0.25 * side * moment.seconds)
    bends = [np.roll(bend, drift, axis=0) for bend in bends]
    reach = np.float32(0.03 * side * moment.strength)
    bent = cv2.remap(
        image, columns + bends[0] * reach, rows + bends[1] * reach, cv2.INTER_LINEAR, None, cv2.BORDER_REFLECT
    )
    glints = np.clip(bends[0] * bends[1] - 1.0, 0, 1)[..., None] * 60
    film = cv2.GaussianBlur(bent, (0, 0), 0.004 * side + 0.1) * np.array([0.82, 0.97, 1.0], np.float32) + 8 + glints
    return _laid_over(image, np.asarray(film, np.float32), np.full(columns.shape, moment.strength, np.float32), None)


def _bubbles(image: Image, moment: Moment) -> Drawn:
    """Thin shells with a bright rim and a highlight, drifting."""
    rng = moment.generator()
    height, width = image.shape[:2]
    side = min(height, width)
    layer = image.copy()
    for _ in range(45):
        x, y = rng.uniform(0, width), rng.uniform(0, height) - 0.05 * side * moment.seconds
        radius = max(2, round(side * float(rng.uniform(0.008, 0.035))))
        middle = (round(x), round(y))
        cv2.circle(layer, middle, radius, (185, 205, 225), 1, cv2.LINE_AA)
        cv2.circle(layer, (middle[0] - radius // 3, middle[1] - radius // 3), max(1, radius // 5), (245, 250, 255), -1)
    return np.asarray(cv2.addWeighted(image, 1 - moment.strength, layer, moment.strength, 0), np.uint8), None


def _instrument(image: Image, moment: Moment) -> Drawn:
    """A steel shaft from the lower right, whose tip goes to the aim and back."""
    height, width = image.shape[:2]
    side = min(height, width)
    start = np.array([0.93 * width, 0.97 * height])
    goal = np.array(moment.aim[:2])
    tip = start + (goal - start) * moment.strength
    away = tip - start
    length = max(float(np.linalg.norm(away)), 1.0)
    along = away / length
    columns, rows = _grid(image)
    ahead = (columns - start[0]) * along[0] + (rows - start[1]) * along[1]
    aside = (rows - start[1]) * along[0] - (columns - start[0]) * along[1]
    thick = 0.055 * side
    inside = thick - np.hypot(aside, np.maximum(ahead - length, 0))
    alpha = np.clip(inside + 0.5, 0, 1).astype(np.float32)
    round_off = np.sqrt(np.clip(1 - (aside / thick) ** 2, 0, 1))
    rings = 0.03 * np.sign(np.sin(ahead / (0.02 * side)))
    bright = 70 + 110 * round_off + 255 * rings + 70 * np.exp(-(((aside / thick + 0.35) / 0.12) ** 2))
    return _laid_over(image, np.repeat(bright[..., None], 3, 2).astype(np.float32), alpha)


def _red_out(image: Image, moment: Moment) -> Drawn:
    """The lens on the wall: red, glowing, without detail."""
    height, width = image.shape[:2]
    columns, rows = _grid(image)
    small = cv2.resize(image, (max(1, width // 24), max(1, height // 24)), interpolation=cv2.INTER_AREA)
    dim = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    off = np.hypot(columns - 0.55 * width, rows - 0.45 * height) / min(height, width)
    glow = np.clip(1.05 - 0.75 * off, 0, 1)[..., None]
    red = 0.25 * dim + np.array([52, 60, 190], np.float32) * glow
    return _laid_over(image, np.asarray(red, np.float32), np.full((height, width), moment.strength, np.float32))


def _defocus(image: Image, moment: Moment) -> Drawn:
    sigma = 0.02 * min(image.shape[:2]) * moment.strength
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma + 0.1), np.uint8), None


def _motion_blur(image: Image, moment: Moment) -> Drawn:
    """Every point becomes a line; its direction turns slowly."""
    length = max(1, round(0.09 * min(image.shape[:2]) * moment.strength)) | 1
    line = np.zeros((length, length), np.float32)
    line[length // 2] = 1
    degrees = float(moment.generator().uniform(0, 360)) + 25 * moment.seconds
    turn = cv2.getRotationMatrix2D(((length - 1) / 2, (length - 1) / 2), degrees, 1)
    kernel = cv2.warpAffine(line, turn, (length, length))
    return np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT), np.uint8), None


def _over_exposed(image: Image, moment: Moment) -> Drawn:
    return np.asarray(
        cv2.convertScaleAbs(image, alpha=1 + 1.1 * moment.strength, beta=35 * moment.strength), np.uint8
    ), None


def _under_exposed(image: Image, moment: Moment) -> Drawn:
    return np.asarray(cv2.convertScaleAbs(image, alpha=1 - 0.78 * moment.strength), np.uint8), None


_DRAWERS: dict[Condition, Callable[[Image, Moment], Drawn]] = {
    "stool": _stool,
    "water": _water,
    "instrument": _instrument,
    "bubbles": _bubbles,
    "red-out": _red_out,
    "defocus": _defocus,
    "motion blur": _motion_blur,
    "over-exposed": _over_exposed,
    "under-exposed": _under_exposed,
}


def _grid(image: Image) -> tuple[Floats, Floats]:
    """Each pixel's column and row, float32 [H, W]."""
    rows, columns = np.indices(image.shape[:2])
    return np.asarray(columns, np.float32), np.asarray(rows, np.float32)


def _laid_over(image: Image, layer: Floats, alpha: Floats, opaque: float | None = _OPAQUE) -> Drawn:
    """``layer`` [H, W, 3] over ``image`` by ``alpha`` [H, W]; ``opaque`` None covers nothing."""
    mixed = image + (layer - image) * alpha[..., None]
    return np.clip(mixed, 0, 255).astype(np.uint8), None if opaque is None else alpha > opaque
