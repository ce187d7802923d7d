"""Augmentation for endoscopy: what a scope, its light, its processor and its recorder do to the same scene.

Everything draws from one numpy generator, so that a seed gives the same picture again. Pictures are uint8
[H, W, 3] BGR, masks uint8 [H, W] of 0 and 255.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from polyplive.errors import ConfigError
from polyplive.evaluation.disturbances import compressed

from .small_copy import add_small_copy
from .stool_lumps import add_stool

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How often each change is made, as probabilities, and how strong it may be.

    ``rotation`` is by any angle: a scope is turned freely. ``scale`` is the range of zoom. ``colour`` is the greatest
    relative change of saturation and gain; unless it is 0, the hue turns by up to 8 of 180 steps. ``exposure`` is how
    often the light is wrong by more than that, ``cast`` how often the white balance is. ``interlace`` is how often the
    scope moved between a frame's two fields. ``stool`` is how often lumps of it lie about. ``small_copy`` is how often
    a polyp is there once more, far away.
    """

    rotation: float = 0.6
    scale: tuple[float, float] = (0.75, 1.4)
    colour: float = 0.3
    gamma: float = 0.3
    blur: float = 0.15
    jpeg: float = 0.2
    specular: float = 0.15
    noise: float = 0.1
    background: float = 0.08
    exposure: float = 0.0
    cast: float = 0.0
    interlace: float = 0.0
    stool: float = 0.0
    small_copy: float = 0.0

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name == "scale":
                if not (len(value) == 2 and 0 < value[0] <= value[1]):
                    raise ConfigError(
                        f"An augmentation with scale = {value}", "Give the smallest and the largest zoom."
                    )
            elif not 0 <= value <= 1:
                raise ConfigError(f"An augmentation with {item.name} = {value}", "Give a number from 0 to 1.")


def augment(
    image: Picture, mask: Picture, size: int, rng: np.random.Generator, settings: Augmentation
) -> tuple[Picture, Picture]:
    """A changed copy of picture and mask, both ``size`` x ``size``.

    Newer changes (``stool``, ``cast``, ``exposure``, ``interlace``, ``small_copy``) draw no random number when they are
    off. So an older recipe still gives the same pictures.
    """
    if rng.random() < settings.background:
        image, mask = background_crop(image, mask, rng)
    if settings.small_copy and rng.random() < settings.small_copy:
        image, mask = add_small_copy(image, mask, rng)
    image, mask = _move(image, mask, size, rng, settings)
    if settings.stool and rng.random() < settings.stool:
        image, mask = add_stool(image, mask, rng)
    image = _recolour(image, rng, settings)
    if settings.cast and rng.random() < settings.cast:
        image = _cast(image, rng)
    if settings.exposure and rng.random() < settings.exposure:
        image = _expose(image, rng)
    if rng.random() < settings.specular:
        image = _specular_spots(image, rng)
    if rng.random() < settings.blur:
        image = _blur(image, rng)
    if settings.interlace and rng.random() < settings.interlace:
        image = _interlace(image, rng)
    if rng.random() < settings.noise:
        image = _noise(image, rng)
    if rng.random() < settings.jpeg:
        image = compressed(image, int(rng.integers(25, 90)))
    return image, mask


def fit(image: Picture, mask: Picture, size: int) -> tuple[Picture, Picture]:
    """Picture and mask resized to ``size`` x ``size``, unchanged otherwise."""
    if image.shape[:2] == (size, size):
        return image, mask
    shrinks = image.shape[0] > size
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    small: Picture = cv2.resize(image, (size, size), interpolation=way)
    return small, _binary(cv2.resize(mask, (size, size), interpolation=cv2.INTER_LINEAR))


def background_crop(image: Picture, mask: Picture, rng: np.random.Generator) -> tuple[Picture, Picture]:
    """A part of the picture that shows no polyp, if one of a few tries finds any: a negative from a positive."""
    height, width = mask.shape
    for _ in range(6):
        share = rng.uniform(0.4, 0.65)
        rows, columns = int(height * share), int(width * share)
        top, left = int(rng.integers(0, height - rows + 1)), int(rng.integers(0, width - columns + 1))
        part = (slice(top, top + rows), slice(left, left + columns))
        if not mask[part].any():
            return image[part], mask[part]
    return image, mask


def _move(
    image: Picture, mask: Picture, size: int, rng: np.random.Generator, settings: Augmentation
) -> tuple[Picture, Picture]:
    """Zoom, turn, mirror, stretch and shift, in one resampling."""
    height, width = mask.shape
    angle = rng.uniform(-180, 180) if rng.random() < settings.rotation else rng.uniform(-10, 10)
    zoom = np.exp(rng.uniform(*np.log(settings.scale)))
    stretch = np.exp(rng.uniform(-0.12, 0.12))
    flip_x, flip_y = rng.choice([-1.0, 1.0], 2)
    turn = cv2.getRotationMatrix2D((0, 0), angle, 1.0)[:, :2]
    base = np.diag([size / width * zoom * stretch * flip_x, size / height * zoom / stretch * flip_y])
    matrix = np.zeros((2, 3))
    matrix[:, :2] = turn @ base
    centre = np.array([width / 2, height / 2])
    matrix[:, 2] = size / 2 + rng.uniform(-0.1, 0.1, 2) * size - matrix[:, :2] @ centre
    moved: Picture = cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_LINEAR, borderValue=(0, 0, 0))
    return moved, _binary(cv2.warpAffine(mask, matrix, (size, size), flags=cv2.INTER_LINEAR))


def _recolour(image: Picture, rng: np.random.Generator, settings: Augmentation) -> Picture:
    hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV).astype(np.float32)
    turn = rng.uniform(-8, 8)
    hsv[..., 0] = (hsv[..., 0] + turn * (settings.colour > 0)) % 180
    hsv[..., 1] *= 1 + rng.uniform(-settings.colour, settings.colour)
    gain = 1 + rng.uniform(-settings.colour, settings.colour)
    gamma = np.exp(rng.uniform(-settings.gamma, settings.gamma))
    hsv[..., 2] = 255 * np.clip(hsv[..., 2] * gain / 255, 0, 1) ** gamma
    recoloured: Picture = cv2.cvtColor(np.clip(hsv, 0, 255).astype(np.uint8), cv2.COLOR_HSV2BGR)
    return recoloured


def _cast(image: Picture, rng: np.random.Generator) -> Picture:
    """A white balance that is off, by up to 1.6 times in one channel against another."""
    gains = np.exp(rng.uniform(-0.25, 0.25, 3))
    return np.clip(image * gains, 0, 255).astype(np.uint8)


def _expose(image: Picture, rng: np.random.Generator) -> Picture:
    """Between a quarter and 2.5 times as bright, clipped."""
    exposed: Picture = cv2.convertScaleAbs(image, alpha=float(np.exp(rng.uniform(np.log(0.25), np.log(2.5)))))
    return exposed


def _interlace(image: Picture, rng: np.random.Generator) -> Picture:
    """Odd lines show what the scope saw a field later: up to 6% further on, mostly sideways, and turned a little.

    The first field keeps its place, as a frame's time is that of its first field. Half of the pictures come from a
    recorder with fewer lines, so that the fields mix in this size.
    """
    size = image.shape[0]
    matrix = cv2.getRotationMatrix2D((size / 2, size / 2), float(rng.uniform(-2, 2)), float(rng.uniform(0.97, 1.03)))
    matrix[:, 2] += rng.uniform(-0.06, 0.06) * size, rng.uniform(-0.02, 0.02) * size
    later = cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    lines = size if rng.random() < 0.5 else int(size * rng.uniform(0.7, 1.6))
    first, second = (cv2.resize(field, (size, lines)) for field in (image, later))
    first[1::2] = second[1::2]
    return np.asarray(cv2.resize(first, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


def _specular_spots(image: Picture, rng: np.random.Generator) -> Picture:
    """Small saturated highlights with a soft edge, as wet mucosa gives."""
    size = image.shape[0]
    light = np.zeros(image.shape[:2], np.float32)
    for _ in range(int(rng.integers(2, 12))):
        centre = tuple(int(value) for value in rng.integers(0, size, 2))
        axes = tuple(int(value) for value in rng.integers(1, max(2, size // 24), 2))
        cv2.ellipse(light, centre, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1)
    light = cv2.GaussianBlur(light, (0, 0), rng.uniform(0.6, 1.8))[..., None]
    lit: Picture = (image + (255 - image) * light).astype(np.uint8)
    return lit


def _blur(image: Picture, rng: np.random.Generator) -> Picture:
    """Defocus, or motion along a random direction."""
    size = image.shape[0]
    blurred: Picture
    if rng.random() < 0.5:
        blurred = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, max(0.6, size / 120)))
        return blurred
    length = int(rng.integers(3, max(4, size // 20)))
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2] = 1
    turn = cv2.getRotationMatrix2D((length / 2 - 0.5, length / 2 - 0.5), float(rng.uniform(0, 180)), 1)
    kernel = cv2.warpAffine(kernel, turn, (length, length))
    blurred = cv2.filter2D(image, -1, kernel / max(float(kernel.sum()), 1e-6))
    return blurred


def _noise(image: Picture, rng: np.random.Generator) -> Picture:
    noise = rng.normal(0, rng.uniform(2, 9), image.shape).astype(np.float32)
    noisy: Picture = np.clip(image + noise, 0, 255).astype(np.uint8)
    return noisy


def _binary(mask: Any) -> Picture:
    return np.where(mask > 127, 255, 0).astype(np.uint8)
