"""What the sensor sees of the surface: two lamps beside the lens, wet highlights, darkness far away.

Geometry is looked at where it was marched (half of the pixels a side) and comes here as a handful of smooth *fields*
that may be interpolated; texture and light are worked out for every pixel. Points are float32 [3, N].
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from polyplive.sources.colon.camera import View
from polyplive.sources.colon.geometry import STEEPNESS
from polyplive.sources.colon.march import Scene
from polyplive.sources.colon.mucosa import SIZE, TURN, Mucosa
from polyplive.sources.colon.numerics import Floats, dot, lengths, sample, turned
from polyplive.sources.colon.polyps import Polyp

_LAMPS = ((-0.10, -0.03), (0.10, -0.03))  # right and down of the lens, in tube radii
_PER_UNIT = SIZE / TURN
_NOOK = np.float32(0.16)  # how far out of the surface the openness is looked at
FIELDS = 3 + 3 + 1 + 3 * len(_LAMPS)
"""Tube point (3); diffuse light on a flat surface, and how it changes with the two slopes of the relief (3); strength
of highlights (1); and for each lamp the half-way direction in the surface's own frame (3)."""


def look_at(scene: Scene, view: View, points: Floats) -> tuple[Floats, NDArray[np.uint8]]:
    """Fields float32 [FIELDS, N] and labels uint8 [N] of world points on the surface."""
    tube = scene.wall.to_tube(points)
    label = scene.distance(tube)[1]
    normal = scene.normal(tube)
    open_space = scene.distance(tube + normal * _NOOK)[0]
    openness = np.clip(0.35 + 0.65 * open_space / (_NOOK * STEEPNESS), 0.3, 1.0)
    fields = np.zeros((FIELDS, points.shape[1]), np.float32)
    fields[:3] = tube
    frame = (*_tangents(normal), normal)
    away = view.place[:, None] - points
    to_eye = away / np.maximum(lengths(away), 1e-4)
    for number, (right, down) in enumerate(_LAMPS):
        lamp = view.place + np.float32(right) * view.axes[0] + np.float32(down) * view.axes[1]
        ray = lamp[:, None] - points
        span = np.maximum(lengths(ray), 1e-3)
        ray /= span
        power = 1.0 / (span * span + np.float32(0.25))
        first, second, facing = (dot(ray, axis) for axis in frame)
        # Light goes round: tissue scatters it. The relief tilts the diffuse light less than the wet film's highlights.
        fields[3] += power * openness * (0.72 * np.maximum(facing, 0.0) + 0.28)
        fields[4] -= power * openness * (0.29 * first)
        fields[5] -= power * openness * (0.29 * second)
        fields[6] += power / len(_LAMPS)
        half = ray + to_eye
        half /= np.maximum(lengths(half), 1e-3)
        for part, axis in enumerate(frame):
            fields[7 + 3 * number + part] = dot(half, axis)
    return fields, label


def _tangents(normal: Floats) -> tuple[Floats, Floats]:
    """Two unit vectors [3, N] in the surface: around the tube, and along it."""
    flat = np.maximum(np.sqrt(normal[0] ** 2 + normal[1] ** 2), 1e-3)
    first = np.stack([-normal[1] / flat, normal[0] / flat, np.zeros_like(flat)])
    second = np.stack([-normal[2] * first[1], normal[2] * first[0], normal[0] * first[1] - normal[1] * first[0]])
    return first, second


def surface_colour(
    mucosa: Mucosa, polyps: Sequence[Polyp], fields: Floats, label: NDArray[np.uint8]
) -> tuple[Floats, Floats]:
    """Linear colour [H, W, 3] (blue, green, red) and relief [H, W, 2] of the surface seen by fields [FIELDS, H, W]."""
    x, y, z = fields[:3]
    column = (np.arctan2(y, x) + np.float32(math.pi)) * np.float32(_PER_UNIT)
    # A fold's face runs inwards, not along: the distance from the middle keeps the texture from being drawn out there.
    row = (z - np.sqrt(x * x + y * y)) * np.float32(_PER_UNIT)
    colour, relief = (
        np.asarray(cv2.remap(table, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP), np.float32)
        for table in (mucosa.albedo, mucosa.relief)
    )
    for number, polyp in enumerate(polyps, 1):
        own = np.nonzero(label == number)
        if own[0].size == 0:
            continue
        local = turned(polyp.axes, fields[:3, own[0], own[1]] - polyp.head[:, None])
        flat = np.sqrt(local[0] * local[0] + local[1] * local[1]) + np.float32(1e-6)
        # The texture is laid over the top like a cloth, so that it is drawn out only underneath.
        spread = np.arctan2(flat, local[2]) / flat * np.float32(1.3 * polyp.radii.mean() * _PER_UNIT)
        across, along = local[0] * spread, local[1] * spread
        plain = sample(mucosa.plain, across, along, cv2.BORDER_WRAP)
        blend = np.clip(0.75 + 0.6 * local[2] / polyp.radii[2], 0.2, 1.0)[:, None]
        colour[own] += (plain * polyp.tint - colour[own]) * blend
        relief[own] = sample(mucosa.pits, across, along, cv2.BORDER_WRAP)
    return colour, relief


def light(fields: Floats, relief: Floats) -> tuple[Floats, Floats]:
    """Diffuse light and shine, both [H, W], that come back to the camera from a white surface."""
    first, second = cv2.split(relief)
    diffuse = np.maximum(fields[3] + fields[4] * first + fields[5] * second, np.float32(1e-4))
    upright = 1.0 / np.sqrt(1.0 + first * first + second * second)
    shine = np.zeros_like(diffuse)
    for number in range(len(_LAMPS)):
        h1, h2, h3 = fields[7 + 3 * number : 10 + 3 * number]
        glint = np.clip((h3 - h1 * first - h2 * second) * upright, 0.0, 1.0)
        for _ in range(4):
            glint *= glint
        shine += glint * np.float32(0.02)  # glint ** 16: a film of water
        for _ in range(4):
            glint *= glint
        shine += glint * np.float32(2.5)  # glint ** 256: the lamp's own image
    return np.asarray(diffuse, np.float32), shine * fields[6]


def develop(colour: Floats, diffuse: Floats, shine: Floats, exposure: float) -> Floats:
    """Displayed values [H, W, 3] in 0 to 255 of a surface's linear colour: a soft shoulder, then gamma 2."""
    bright = (diffuse * np.float32(-1.25 * exposure), shine * np.float32(-1.0 * exposure))
    picture = cv2.multiply(colour, cv2.merge([bright[0]] * 3))
    picture += bright[1][..., None]
    cv2.exp(picture, dst=picture)
    cv2.sqrt(np.float32(1.0) - picture, dst=picture)
    return np.asarray(picture * np.float32(270) - np.float32(15), np.float32)  # a little contrast, and black is black
