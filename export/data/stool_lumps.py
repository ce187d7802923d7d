"""Lumps of stool painted onto a picture: what a network takes for a polyp most readily, and is not one.

A lump is a bulging half-ellipsoid, smooth or rough, lit from the camera, in the yellows, browns and greens of stool.
Pictures are uint8 [H, W, 3] BGR.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Plane = NDArray[np.float32]

MOST_LUMPS = 6

DARK = 25
"""Grey levels below which a place is taken for unlit."""


def add_stool(image: Picture, mask: Picture, rng: np.random.Generator) -> tuple[Picture, Picture]:
    """A copy of the picture with one to six lumps, and of its mask without what they hide.

    They lie where the picture is lit; a lump that would itself hide more than a fifth of what is
    marked is not painted.
    """
    image, mask = image.copy(), mask.copy()
    marked = np.count_nonzero(mask)
    hue, saturation = rng.uniform(11, 25), rng.uniform(110, 230)
    for _ in range(int(rng.integers(1, MOST_LUMPS + 1))):
        lump = _Lump(rng, image)
        hidden = lump.alpha > 0.5
        part = mask[lump.window]
        if lump.lit < DARK or np.count_nonzero(part[hidden]) > 0.2 * marked:
            continue
        colour = _colour(
            hue + rng.uniform(-3, 3), saturation + rng.uniform(-25, 25), lump.lit * rng.uniform(0.85, 1.35)
        )
        lump.paint(image, colour, rng)
        part[hidden] = 0
    return image, mask


class _Lump:
    """Where one lies, in a window of the picture: its cover ``alpha`` and height, both float32 [h, w] in 0..1."""

    def __init__(self, rng: np.random.Generator, image: Picture) -> None:
        height, width = image.shape[:2]
        reach = float(np.exp(rng.uniform(np.log(0.03), np.log(0.3)))) * min(height, width)
        row, column = int(rng.integers(0, height)), int(rng.integers(0, width))
        side = int(2.4 * reach) + 2
        top, left = max(0, row - side), max(0, column - side)
        self.window = (slice(top, min(height, row + side)), slice(left, min(width, column + side)))
        rows, columns = np.mgrid[self.window].astype(np.float32)
        turn, flat = rng.uniform(0, np.pi), rng.uniform(0.55, 1.0)
        across = ((columns - column) * np.cos(turn) + (rows - row) * np.sin(turn)) / reach
        along = ((rows - row) * np.cos(turn) - (columns - column) * np.sin(turn)) / (reach * flat)
        rough = _rough(rng, across.shape, reach / 2)
        radius = np.hypot(across, along) * (1 + rng.uniform(0.0, 0.35) * rough)
        self.reach = reach
        self.height: Plane = np.sqrt(np.clip(1 - radius**2, 0, None)).astype(np.float32)
        edge = max(0.8, reach * rng.uniform(0.02, 0.1))
        bright = image[self.window].max(axis=2)
        covers = (radius < 1) & (cv2.blur(bright, (5, 5)) > DARK)  # nothing lies outside the field of view
        self.alpha: Plane = cv2.GaussianBlur(covers.astype(np.float32), (0, 0), edge)
        self.lit = float(np.median(bright))

    def paint(self, image: Picture, colour: NDArray[np.float32], rng: np.random.Generator) -> None:
        shape = self.height.shape
        height = self.height * self.reach + _rough(rng, shape, self.reach / 5) * self.reach * rng.uniform(0.0, 0.1)
        slope_down, slope_right = np.gradient(cv2.GaussianBlur(height.astype(np.float32), (0, 0), 1.0))
        facing = 1 / np.sqrt(1 + 0.7 * (slope_down**2 + slope_right**2))
        shade = (0.25 + 0.75 * facing) * (1 + rng.uniform(0.0, 0.08) * _rough(rng, shape, 1.5))
        painted = colour * shade[..., None]
        if rng.random() < 0.6:  # wet
            painted += 200 * np.clip((facing - 0.985) / 0.015, 0, 1)[..., None] * rng.uniform(0.1, 0.7)
        cover = (self.alpha * rng.uniform(0.85, 1.0))[..., None]
        part = image[self.window]
        part[:] = np.clip(part * (1 - cover) + painted * cover, 0, 255).astype(np.uint8)


def _rough(rng: np.random.Generator, shape: tuple[int, ...], grain: float) -> Plane:
    """Smooth noise of deviation one whose bumps are about ``grain`` pixels wide."""
    noise = cv2.GaussianBlur(rng.standard_normal(shape, np.float32), (0, 0), max(0.5, grain))
    return np.asarray(noise / max(float(noise.std()), 1e-6), np.float32)


def _colour(hue: float, saturation: float, value: float) -> NDArray[np.float32]:
    """BGR, float32 [3] in 0..255, of a hue (0 to 180) and a saturation and value (0 to 255)."""
    pixel = np.array([[[hue % 180, np.clip(saturation, 0, 255), np.clip(value, 0, 255)]]], np.uint8)
    return np.asarray(cv2.cvtColor(pixel, cv2.COLOR_HSV2BGR)[0, 0], np.float32)
