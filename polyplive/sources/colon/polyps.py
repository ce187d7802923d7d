"""Polyps as signed distances: domes that sit on the wall (sessile) and heads on a stalk (pedunculated)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from polyplive.errors import ConfigError
from polyplive.sources.colon.geometry import Wall
from polyplive.sources.colon.numerics import Floats, dot, lengths, turned

Kind = Literal["sessile", "pedunculated"]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a polyp grows: ``at`` is the part of the way (0 to 1) at which the camera passes it.

    ``angle`` is around the tube in degrees (0 to the right, 90 downwards). ``size`` is the radius of its body in tube
    radii (0.05 to 0.45). Raises ``ConfigError`` where one is out of its range.
    """

    at: float
    angle: float
    kind: Kind = "sessile"
    size: float = 0.22

    def __post_init__(self) -> None:
        if not 0 <= self.at <= 1 or not 0.05 <= self.size <= 0.45 or self.kind not in get_args(Kind):
            hint = f"Use at 0 to 1, size 0.05 to 0.45, kind {' or '.join(get_args(Kind))}."
            raise ConfigError(f"no polyp can be placed as {self}", hint)


@dataclass(frozen=True, slots=True, eq=False)
class Polyp:
    """A polyp in place, in tube coordinates.

    ``axes`` (float32 [3, 3]) are the rows of its own frame, the last one pointing from the wall into the lumen;
    ``base`` the wall point, ``head`` the middle of the body, ``radii`` its half axes. ``stalk`` is the stalk's
    radius, 0 for none. ``bound`` is the radius around ``head`` that holds all of it. ``tint`` multiplies the
    mucosa's red, green and blue.
    """

    kind: Kind
    base: Floats
    head: Floats
    axes: Floats
    radii: Floats
    stalk: float
    bound: float
    lobes: Floats
    tint: Floats

    def distance(self, tube: Floats) -> Floats:
        """Signed distance [N] of tube points [3, N], negative inside."""
        local = turned(self.axes, tube - self.head[:, None])
        scaled: Floats = np.asarray(local / self.radii[:, None], np.float32)
        near = lengths(scaled)
        steep = lengths(np.asarray(scaled / self.radii[:, None], np.float32))
        body: Floats = np.asarray(near * (near - 1.0) / np.maximum(steep, 1e-5), np.float32)
        waves = np.sin(turned(self.lobes[:, :3], local) + self.lobes[:, 3:])
        body -= np.float32(0.075 * self.radii.min()) * (waves[0] + waves[1] + waves[2])
        if self.stalk > 0:
            body = smooth_union(body, self._stalk_distance(tube), 0.06)[0]
        return body

    def _stalk_distance(self, tube: Floats) -> Floats:
        line = self.head - self.base
        away = tube - self.base[:, None]
        part = np.clip(dot(line, away) / dot(line, line), 0.0, 1.0)
        bow = np.sin(np.float32(math.pi) * part) * np.float32(0.12)
        gap = away - part * line[:, None] - bow * self.axes[0][:, None]
        return np.asarray(lengths(gap) - np.float32(self.stalk) * (1.0 + 0.6 * (1.0 - part) ** 3), np.float32)

    def slope(self, tube: Floats) -> Floats:
        """Gradient [3, N] of the distance, by four reads at the corners of a small tetrahedron."""
        step = np.float32(0.003)
        total = np.zeros_like(tube)
        for corner in ((1, -1, -1), (-1, -1, 1), (-1, 1, -1), (1, 1, 1)):
            way = np.array(corner, np.float32)[:, None]
            total += way * self.distance(tube + way * step)
        return np.asarray(total / (4 * step), np.float32)


def smooth_union(first: Floats, second: Floats, width: float) -> tuple[Floats, Floats]:
    """Quadratic smooth minimum of two distances, and how much of it is the first (0 to 1).

    The published polynomial form (Inigo Quilez, "smooth minimum"): its gradient is the mix of the two by that weight.
    """
    weight = np.clip(0.5 + 0.5 * (second - first) / np.float32(width), 0.0, 1.0)
    return second + (first - second) * weight - np.float32(width) * weight * (1.0 - weight), weight


def plant(rng: np.random.Generator, wall: Wall, place: Placement, z: float) -> Polyp:
    """A polyp at ``z``, moved a little along the tube to where the wall is flattest."""
    angle = math.radians(place.angle)
    tries = [z + shift for shift in np.linspace(-0.18, 0.18, 13)]
    slopes = [wall.gap_slope(wall.surface_point(t, angle)[:, None])[:, 0] for t in tries]
    flattest = int(np.argmin([abs(float(s[2])) for s in slopes]))
    base = wall.surface_point(tries[flattest], angle)
    inward = slopes[flattest] / np.float32(np.linalg.norm(slopes[flattest]))
    axes = _frame(inward, float(rng.uniform(0, math.pi)))
    size = place.size
    red = rng.random() < 0.5
    tint = np.array([0.76, 0.74, 1.04] if red else [1.08, 1.05, 1.08], np.float32)
    tint *= 1 + rng.uniform(-0.05, 0.05, 3).astype(np.float32)
    lobes = np.concatenate([rng.normal(0, 1.7 / size, (3, 3)), rng.uniform(0, 6.3, (3, 1))], axis=1).astype(np.float32)
    if place.kind == "sessile":
        radii = np.array([size * rng.uniform(1.0, 1.25), size, size * rng.uniform(0.75, 0.95)], np.float32)
        head = base + inward * radii[2] * np.float32(rng.uniform(0.15, 0.35))
        return Polyp("sessile", base, head, axes, radii, 0.0, size * 1.5, lobes, tint)
    radii = size * np.array([1.0, rng.uniform(0.85, 1.0), rng.uniform(0.95, 1.25)], np.float32)
    lean = axes[0] * np.float32(rng.uniform(-0.12, 0.12)) + axes[1] * np.float32(rng.uniform(-0.12, 0.12))
    reach = float(size * rng.uniform(1.5, 1.9) + 0.06)
    head = (base + inward * np.float32(reach) + lean).astype(np.float32)
    bound = max(reach + 0.9 * size, 1.5 * size)
    return Polyp("pedunculated", base, head, axes, radii, size * 0.42, bound, lobes, tint)


def _frame(inward: Floats, spin: float) -> Floats:
    """Rows of a right-handed frame whose last row is ``inward``, turned by ``spin`` radians about it."""
    first = np.cross(inward, np.array([0.0, 0.0, 1.0]))
    first /= np.linalg.norm(first)
    second = np.cross(inward, first)
    cosine, sine = math.cos(spin), math.sin(spin)
    return np.stack([cosine * first + sine * second, cosine * second - sine * first, inward]).astype(np.float32)
