"""The endoscope's tip: its way through the tube, its wide lens, and the octagon that it is seen through."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from polyplive.sources.colon.march import Scene
from polyplive.sources.colon.numerics import Floats

HALF_VIEW = math.radians(58)  # from the axis to 1.25 times the shorter side's edge
START_Z = 2.0  # the camera's first place, so that the wall behind it exists
PACE = 0.7  # tube radii a second
_TRACK_ROWS = 12  # table rows a unit of z


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Where the tip is: ``place`` (world), ``axes`` (rows: right, down, forward), float32."""

    place: Floats
    axes: Floats


@dataclass(frozen=True, slots=True)
class Pace:
    """How the tip hurries and dwells on its way; it never turns back."""

    phase: float
    rate: float

    @classmethod
    def of(cls, rng: np.random.Generator) -> Pace:
        """A pace that the generator decides."""
        return cls(float(rng.uniform(0, 2 * math.pi)), float(rng.uniform(0.6, 1.4)))

    def depth(self, seconds: float) -> float:
        """The tip's z after that time."""
        swing = math.sin(self.phase + self.rate * seconds) - math.sin(self.phase)
        return START_Z + PACE * (seconds + 0.35 * swing)


class Path:
    """A camera's way through a scene; ``view(index)`` depends on the index alone."""

    def __init__(self, rng: np.random.Generator, scene: Scene, pace: Pace, fps: float) -> None:
        self._scene = scene
        self._pace = pace
        self._fps = fps
        self._phase = rng.uniform(0, 2 * math.pi, 10)
        self._rate = rng.uniform(0.6, 1.4, 10)
        self._track = _clear_track(scene, self._wish)

    def _wave(self, seconds: float, number: int) -> float:
        return math.sin(self._phase[number] + self._rate[number] * seconds)

    def _wish(self, z: Floats) -> Floats:
        """Where off the middle [2, N] the tip would wander if nothing stood in its way."""
        turns = self._rate[1:3, None] * z / PACE + self._phase[1:3, None]
        return np.asarray(0.17 * np.sin(turns), np.float32)

    def view(self, index: float) -> View:
        """The tip at frame ``index``, which may lie between two."""
        seconds = index / self._fps
        z = self._pace.depth(seconds)
        aside = [float(np.interp(z * _TRACK_ROWS, np.arange(len(line)), line)) for line in self._track]
        aside[0] += 0.015 * self._wave(7 * seconds, 3)
        aside[1] += 0.015 * self._wave(7 * seconds, 4)
        wall = self._scene.wall
        place = wall.to_world(np.array([[aside[0]], [aside[1]], [z]], np.float32))[:, 0]
        forward = wall.tangent(z + 0.5).astype(np.float64)
        forward[0] += 0.16 * self._wave(seconds, 5) + 0.015 * self._wave(9 * seconds, 6)
        forward[1] += 0.16 * self._wave(seconds, 7) + 0.015 * self._wave(9 * seconds, 8)
        for _, polyp in self._scene.polyps:
            ahead = float(polyp.head[2]) - z
            interest = 0.75 * math.exp(-(((ahead - 0.75) / 0.75) ** 2))
            target = wall.to_world(polyp.head[:, None])[:, 0] - place
            forward += interest * target / float(np.linalg.norm(target))
        return View(place, _look_along(forward, 0.35 * self._wave(0.4 * seconds, 9)))


def _clear_track(scene: Scene, wish: Callable[[Floats], Floats]) -> Floats:
    """Tube x and y [2, rows] of a way that keeps off folds and polyps, near ``wish`` where there is room.

    At each z, places across the tube are weighed by their room. The parts of the way just before and just after it
    count as well.
    """
    rings = [(0.0, 0.0)] + [
        (radius * math.cos(turn), radius * math.sin(turn))
        for radius in (0.08, 0.16, 0.24, 0.32, 0.4)
        for turn in np.linspace(0, 2 * math.pi, 16, endpoint=False)
    ]
    across = np.array(rings, np.float32)
    z = np.arange(int(scene.wall.length * _TRACK_ROWS), dtype=np.float32) / np.float32(_TRACK_ROWS)
    grid = np.empty((3, z.size, len(across)), np.float32)
    grid[:2] = across.T[:, None, :]
    grid[2] = z[:, None]
    room = scene.distance(grid.reshape(3, -1))[0].reshape(z.size, -1)
    room = cv2.erode(room, np.ones((int(0.7 * _TRACK_ROWS) | 1, 1), np.uint8))
    room -= room.max(axis=1, keepdims=True)
    off = grid[:2] - wish(z)[:, :, None]
    weight = np.exp(room * np.float32(30) - (off[0] ** 2 + off[1] ** 2) * np.float32(6))
    weight /= weight.sum(axis=1, keepdims=True)
    track = np.stack([(weight * axis).sum(axis=1) for axis in grid[:2]])
    return np.asarray(cv2.GaussianBlur(track, (0, 0), sigmaX=0.3 * _TRACK_ROWS, sigmaY=1e-3), np.float32)


def _look_along(forward: NDArray[np.float64], roll: float) -> Floats:
    ahead = forward / np.linalg.norm(forward)
    right = np.cross([0.0, 1.0, 0.0], ahead)
    right /= np.linalg.norm(right)
    down = np.cross(ahead, right)
    cosine, sine = math.cos(roll), math.sin(roll)
    return np.stack([cosine * right + sine * down, cosine * down - sine * right, ahead]).astype(np.float32)


def lens(width: int, height: int, step: int) -> Floats:
    """Directions [3, h, w] in camera axes through the middles of blocks of ``step`` pixels.

    Equidistant fisheye: the angle from the axis grows with the distance from the picture's middle.
    """
    scale = HALF_VIEW / (0.625 * min(width, height))
    columns = (np.arange(-(-width // step)) * step + step / 2 - width / 2) * scale
    rows = (np.arange(-(-height // step)) * step + step / 2 - height / 2) * scale
    x, y = np.meshgrid(columns, rows)
    off_axis = np.hypot(x, y)
    stretch = np.sinc(off_axis / math.pi)
    return np.stack([x * stretch, y * stretch, np.cos(off_axis)]).astype(np.float32)


def octagon(width: int, height: int) -> NDArray[np.bool_]:
    """The pixels [H, W] that the scope shows: a rectangle with cut corners, a few pixels in from the edge."""
    edge_x, edge_y = max(2, round(0.02 * width)), max(2, round(0.02 * height))
    cut = 0.2 * min(width, height)
    x = np.arange(width, dtype=np.float32)[None, :]
    y = np.arange(height, dtype=np.float32)[:, None]
    from_x = np.minimum(x, width - 1 - x) - edge_x
    from_y = np.minimum(y, height - 1 - y) - edge_y
    return np.asarray((from_x >= 0) & (from_y >= 0) & (from_x + from_y >= cut))
