"""The wall: a bent tube whose radius is drawn in by haustral folds and the three taeniae.

Lengths are in tube radii (one is about 2.5 cm). The tube runs along z; its centre line wanders in x and y. A point's
*tube coordinates* are its x and y from the centre line, and z. Points are float32 [3, N].
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from polyplive.sources.colon.numerics import Floats, sample, smooth_noise

_ANGLES = 512  # table columns: one turn
_PER_UNIT = 80  # table rows a unit of z
_MARGIN = 4  # columns repeated on either side, so that a read across the seam is smooth
STEEPNESS = np.float32(0.6)  # the radial gap overstates the distance to a slanting wall; marching takes this part of it


@dataclass(frozen=True, slots=True, eq=False)
class Wall:
    """The tube's surface for z from 0 to ``length``; made by :func:`grow_wall`.

    ``radius`` is float32 [rows, columns]: the tube's radius along z and the angle; ``slopes`` [rows, columns, 2] its
    slopes along the angle (a radian) and along z. ``centre`` is float32 [1, rows, 2]: x, y of the centre line, and
    ``lean`` its slopes.
    """

    length: float
    radius: Floats
    slopes: Floats
    centre: Floats
    lean: Floats

    def to_tube(self, points: Floats) -> Floats:
        """World points in tube coordinates."""
        offset = sample(self.centre, points[2] * _PER_UNIT, 0.0)
        return np.stack([points[0] - offset[:, 0], points[1] - offset[:, 1], points[2]])

    def to_world(self, points: Floats) -> Floats:
        """Tube points in world coordinates."""
        offset = sample(self.centre, points[2] * _PER_UNIT, 0.0)
        return np.stack([points[0] + offset[:, 0], points[1] + offset[:, 1], points[2]])

    def tangent(self, z: float) -> Floats:
        """The centre line's unit direction at ``z``, float32 [3]."""
        lean = sample(self.lean, np.array([z * _PER_UNIT], np.float32), 0.0)[0]
        direction = np.array([lean[0], lean[1], 1.0], np.float32)
        return direction / np.float32(np.linalg.norm(direction))

    def gap(self, tube: Floats) -> Floats:
        """A cautious distance [N] from tube points to the wall, positive inside the lumen."""
        rho = np.sqrt(tube[0] * tube[0] + tube[1] * tube[1])
        radius = sample(self.radius, _column(tube), tube[2] * _PER_UNIT)
        return np.asarray((radius - rho) * STEEPNESS, np.float32)

    def gap_slope(self, tube: Floats) -> Floats:
        """The world gradient [3, N] of :meth:`gap`; it points into the lumen."""
        row = tube[2] * _PER_UNIT
        turn, along = sample(self.slopes, _column(tube), row).T
        lean = sample(self.lean, row, 0.0)
        inverse = 1.0 / np.maximum(np.sqrt(tube[0] * tube[0] + tube[1] * tube[1]), 1e-4)
        cosine, sine = tube[0] * inverse, tube[1] * inverse
        around = turn * inverse
        x, y = -cosine - around * sine, -sine + around * cosine
        slope = np.stack([x, y, along - x * lean[:, 0] - y * lean[:, 1]])
        return np.asarray(slope * STEEPNESS, np.float32)

    def surface_point(self, z: float, angle: float) -> Floats:
        """The wall's tube point at ``z`` and ``angle`` (radians), float32 [3]."""
        way = np.array([[math.cos(angle)], [math.sin(angle)], [z]], np.float32)
        radius = float(sample(self.radius, _column(way), way[2] * _PER_UNIT)[0])
        return way[:, 0] * np.array([radius, radius, 1.0], np.float32)


def _column(tube: Floats) -> Floats:
    turn = np.arctan2(tube[1], tube[0]) * np.float32(_ANGLES / (2 * math.pi))
    return np.asarray(turn + np.float32(_ANGLES / 2 + _MARGIN), np.float32)


def grow_wall(rng: np.random.Generator, length: float) -> Wall:
    """A wall of that length; the generator decides its bends, folds and waviness."""
    rows = int(length * _PER_UNIT) + 1
    z = np.arange(rows, dtype=np.float32) / np.float32(_PER_UNIT)
    angle = (np.arange(_ANGLES, dtype=np.float32) - _ANGLES / 2) * np.float32(2 * math.pi / _ANGLES)
    radius = 1.0 - _folds(rng, z, angle) - _taeniae(rng, z, angle)
    radius += 0.045 * smooth_noise(rng, (rows, _ANGLES), (max(4, int(length * 1.1)), 6))
    radius += 0.006 * smooth_noise(rng, (rows, _ANGLES), (max(4, int(length * 5)), 30))
    radius = np.maximum(radius, 0.36).astype(np.float32)
    padded = np.concatenate([radius[:, -_MARGIN:], radius, radius[:, :_MARGIN]], axis=1)
    padded = np.asarray(cv2.GaussianBlur(padded, (0, 0), 1.6), np.float32)
    turn = np.gradient(padded, 2 * math.pi / _ANGLES, axis=1)
    along = np.gradient(padded, 1 / _PER_UNIT, axis=0)
    centre, lean = _centre_line(rng, z)
    return Wall(length, padded, np.stack([turn, along], axis=-1).astype(np.float32), centre, lean)


def _folds(rng: np.random.Generator, z: Floats, angle: Floats) -> Floats:
    """Crescents that reach into the lumen, one after another, each over a part of the turn between taeniae."""
    depth = np.zeros((z.size, angle.size), np.float32)
    at = float(rng.uniform(0.2, 0.6))
    sector = int(rng.integers(3))
    while at < z[-1]:
        middle = sector * 2 * math.pi / 3 + rng.uniform(-0.4, 0.4)
        away = np.angle(np.exp(1j * (angle - middle))).astype(np.float32)
        reach = np.float32(rng.uniform(1.0, 1.9))
        arc = np.clip(1.0 - (away / reach) ** 2, 0.0, 1.0) ** np.float32(0.8)
        wave = at + np.float32(rng.uniform(-0.12, 0.12)) * np.sin(away + np.float32(rng.uniform(0, 6.3)))
        wave += 0.03 * np.sin(5 * away + np.float32(at)) + 0.10 * (away / reach) ** 2
        thickness = np.float32(rng.uniform(0.06, 0.11)) * (0.7 + 0.5 * arc)
        rows = slice(*np.searchsorted(z, [at - 1.0, at + 1.3]))  # the ridge is nothing further away
        lean = (z[rows, None] - wave[None, :]) / thickness[None, :]
        ridge = np.exp(-(np.abs(lean) ** np.float32(1.7))) + 0.25 * np.exp(-((lean / 3.5) ** 2))
        depth[rows] = np.maximum(depth[rows], np.float32(rng.uniform(0.2, 0.46)) * arc[None, :] * ridge)
        at += float(rng.uniform(0.3, 0.62))
        sector = (sector + int(rng.integers(1, 3))) % 3
    return depth


def _taeniae(rng: np.random.Generator, z: Floats, angle: Floats) -> Floats:
    """Three bands along the tube, slightly raised, that twist slowly."""
    twist = rng.uniform(0, 6.3) + 0.12 * z * rng.choice([-1.0, 1.0])
    wave = 0.5 + 0.5 * np.cos(3 * (angle[None, :] - twist[:, None]))
    return np.asarray(0.09 * wave**3, np.float32)


def _centre_line(rng: np.random.Generator, z: Floats) -> tuple[Floats, Floats]:
    line = np.zeros((2, 1, z.size, 2), np.float32)
    for axis in range(2):
        for period, size in ((rng.uniform(8.0, 11.0), rng.uniform(0.5, 0.85)), (rng.uniform(4.2, 5.5), 0.16)):
            phase, turns = rng.uniform(0, 2 * math.pi), 2 * math.pi / period
            line[0, 0, :, axis] += size * np.sin(turns * z + phase)
            line[1, 0, :, axis] += size * turns * np.cos(turns * z + phase)
    return line[0], line[1]
