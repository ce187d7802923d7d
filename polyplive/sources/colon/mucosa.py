"""The surface: colour, vessels and the fine relief of a wet mucosa, as periodic textures."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from polyplive.sources.colon.numerics import Floats, smooth_noise

SIZE = 1024  # texture pixels a turn of the tube
TURN = 2 * math.pi  # units of surface that the texture covers in either direction before it repeats


@dataclass(frozen=True, slots=True, eq=False)
class Mucosa:
    """Textures of one colon.

    ``albedo`` is float32 [SIZE, SIZE, 3], linear blue, green, red of the wall; ``plain`` the same with few vessels
    and more blotches, for polyps. ``relief`` is float32 [SIZE, SIZE, 2]: slopes of the wet surface along the angle
    and along z; ``pits`` the same on polyps, finer.
    """

    albedo: Floats
    plain: Floats
    relief: Floats
    pits: Floats


def grow_mucosa(rng: np.random.Generator) -> Mucosa:
    """Textures of a colon; the generator decides its hue, vessels and wetness."""
    shape = (SIZE, SIZE)
    base = np.array([rng.uniform(0.60, 0.70), rng.uniform(0.165, 0.225), rng.uniform(0.085, 0.145)], np.float32)
    broad = smooth_noise(rng, shape, (9, 9))
    mid = smooth_noise(rng, shape, (40, 40))
    fine = smooth_noise(rng, shape, (220, 220))
    plain = np.empty((SIZE, SIZE, 3), np.float32)
    for channel, (wide, medium, small) in enumerate(((0.05, 0.03, 0.02), (0.12, 0.07, 0.05), (0.12, 0.06, 0.05))):
        plain[..., channel] = base[channel] * (1 + wide * broad + medium * mid + small * fine)
    vessels = _vessels(rng)[..., None] * rng.uniform(0.5, 1.0)
    albedo = plain * (1 - vessels * np.array([0.26, 0.66, 0.58], np.float32))
    height = 0.011 * smooth_noise(rng, shape, (34, 34)) + 0.0035 * smooth_noise(rng, shape, (90, 90))
    height += 0.0009 * fine
    blotches = np.maximum(smooth_noise(rng, shape, (75, 75)), 0.0)[..., None]
    plain = plain * (1 - 0.35 * vessels) * (1 - blotches * np.array([0.02, 0.09, 0.08], np.float32))
    pitted: Floats = np.abs(smooth_noise(rng, shape, (170, 170))) * np.float32(0.004)
    pitted += 0.006 * smooth_noise(rng, shape, (60, 60))
    albedo, plain = (np.ascontiguousarray(np.clip(t, 0.01, 0.95)[..., ::-1], np.float32) for t in (albedo, plain))
    return Mucosa(albedo, plain, _slopes(height), _slopes(pitted))


def _slopes(height: Floats) -> Floats:
    """Slopes [SIZE, SIZE, 2] across and down of a periodic height, in units of surface."""
    step = np.float32(2 * TURN / SIZE)
    across, down = (np.roll(height, -1, axis) - np.roll(height, 1, axis) for axis in (1, 0))
    return np.stack([across, down], axis=-1).astype(np.float32) / step


def _vessels(rng: np.random.Generator) -> Floats:
    """Strength (0 to 1) of branching vessels, [SIZE, SIZE], periodic both ways."""
    roomy = np.zeros((3 * SIZE, 3 * SIZE), np.uint8)  # trees start in the middle tile and may leave it
    for _ in range(34):
        start = rng.uniform(SIZE, 2 * SIZE, 2)
        _branch(rng, roomy, start, float(rng.uniform(0, TURN)), float(rng.uniform(3.2, 5.0)), 0)
    canvas = roomy.reshape(3, SIZE, 3, SIZE).max(axis=(0, 2))
    wide = np.pad(canvas, 16, mode="wrap")
    sharp = cv2.GaussianBlur(wide, (0, 0), 0.9).astype(np.float32)
    soft = cv2.GaussianBlur(wide, (0, 0), 3.5).astype(np.float32)
    strength = (0.8 * sharp + 0.4 * soft)[16:-16, 16:-16] / 255
    patchy = 0.65 + 0.35 * np.tanh(smooth_noise(rng, (SIZE, SIZE), (7, 7)))
    return np.asarray(np.minimum(strength * patchy, 1.0), np.float32)


def _branch(
    rng: np.random.Generator,
    canvas: NDArray[np.uint8],
    start: NDArray[np.float64],
    heading: float,
    width: float,
    depth: int,
) -> None:
    """Draw a vessel that wanders, thins and splits."""
    place = start
    for _ in range(int(rng.integers(9, 16))):
        heading += float(rng.normal(0, 0.28))
        following = place + rng.uniform(7, 12) * np.array([math.cos(heading), math.sin(heading)])
        shade = int(255 * min(1.0, 0.5 + 0.15 * width))
        ends = [tuple(int(value * 16) for value in point) for point in (place, following)]
        cv2.line(canvas, ends[0], ends[1], shade, max(1, round(width)), cv2.LINE_AA, 4)
        place = following
        width *= 0.975
        if depth < 5 and rng.random() < 0.17 and width > 0.8:
            side = float(rng.choice([-1.0, 1.0]))
            _branch(rng, canvas, place, heading + side * float(rng.uniform(0.5, 1.1)), width * 0.62, depth + 1)
    if depth < 5 and width > 0.8:
        for side in (-1.0, 1.0):
            _branch(rng, canvas, place, heading + side * float(rng.uniform(0.25, 0.6)), width * 0.75, depth + 1)
