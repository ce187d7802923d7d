"""Finding the surface along rays: sphere tracing, coarse blocks first, then finer and finer.

A block's ray stops where the surface could touch the cone of its pixels; the finer rays start there (cone marching).
Each ray's own steps are those of J. C. Hart, "Sphere tracing" (The Visual Computer 12, 1996), lengthened near the
surface by the secant of the last two. Points and directions are float32 [3, N].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from polyplive.sources.colon.geometry import Wall
from polyplive.sources.colon.numerics import Floats, dot, lengths
from polyplive.sources.colon.polyps import Polyp, smooth_union

FAR = 8.0  # tube radii: it is dark there
BLEND = 0.07  # how wide the rim between a polyp and the wall is
_CAUTION = np.float32(0.85)  # a polyp's distance is overstated a little where it is lobed
_AROUND = 0.1  # a polyp changes the wall's distance no further than this from its bound
_SHEAR = 1.75  # a bent tube's lean draws lengths out by no more than this


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What rays can hit: the wall (label 0), and polyps with their numbers (1, 2, ...) as labels."""

    wall: Wall
    polyps: Sequence[tuple[int, Polyp]]

    def distance(self, tube: Floats) -> tuple[Floats, NDArray[np.uint8]]:
        """Cautious distance [N] of tube points to the nearest surface, and that surface's label [N]."""
        distance = self.wall.gap(tube)
        label = np.zeros(tube.shape[1], np.uint8)
        for number, polyp in self.polyps:
            beyond = lengths(tube - polyp.head[:, None]) - np.float32(polyp.bound)
            close = beyond < _AROUND
            distance = np.minimum(distance, np.where(close, distance, beyond))
            near = np.flatnonzero(close)
            if near.size == 0:
                continue
            own, other = polyp.distance(tube[:, near]) * _CAUTION, self.wall.gap(tube[:, near])
            joined = smooth_union(own, other, BLEND)[0]
            first = (own < other) & (joined <= distance[near])
            label[near[first]] = number
            distance[near] = np.minimum(distance[near], joined)
        return distance, label

    def normal(self, tube: Floats) -> Floats:
        """Unit normals [3, N] of tube points on the surface, into the lumen."""
        slope = self.wall.gap_slope(tube)
        for _, polyp in self.polyps:
            near = np.flatnonzero(lengths(tube - polyp.head[:, None]) < polyp.bound + _AROUND)
            if near.size == 0:
                continue
            places = tube[:, near]
            weight = smooth_union(polyp.distance(places) * _CAUTION, self.wall.gap(places), BLEND)[1]
            slope[:, near] += (polyp.slope(places) * _CAUTION - slope[:, near]) * weight
        return np.asarray(slope / np.maximum(lengths(slope), 1e-6), np.float32)

    def ahead(self, place: Floats, rays: Floats) -> NDArray[np.bool_]:
        """Which unit rays [3, N] from world ``place`` [3] can come near a polyp."""
        meets = np.zeros(rays.shape[1], np.bool_)
        for _, polyp in self.polyps:
            towards = self.wall.to_world(polyp.head[:, None])[:, 0] - place
            along = dot(towards, rays)
            reach = np.float32((polyp.bound + _AROUND) * _SHEAR)
            meets |= ((dot(towards, towards) - along * along) < reach * reach) & (along > -reach)
        return meets


def trace(scene: Scene, place: Floats, rays: Floats, start: Floats, cone: float, steps: int) -> Floats:
    """How far [N] along unit rays from world ``place`` [3] the surface, or the edge of a ray's cone, is.

    ``start`` [N] is where to begin; ``cone`` the half width of a ray's cone at unit distance.
    """
    meets = scene.ahead(place, rays)
    reach = np.empty_like(start)
    for chosen, part in ((~meets, Scene(scene.wall, ())), (meets, scene)):
        reach[chosen] = _trace(part, place, rays[:, chosen], start[chosen], np.float32(cone), steps)
    return reach


def _trace(scene: Scene, place: Floats, rays: Floats, start: Floats, cone: np.float32, steps: int) -> Floats:
    reach = start.copy()
    active = np.arange(reach.size)
    here, last_gap, last_step = reach.copy(), np.full(reach.size, 1e3, np.float32), np.full(reach.size, 1.0, np.float32)
    origin = place[:, None]
    for _ in range(steps):
        if active.size == 0:
            break
        gap = scene.distance(scene.wall.to_tube(origin + rays * here))[0] - cone * here
        falling = (last_gap - gap) / np.where(np.abs(last_step) < 1e-7, 1e-7, last_step)
        # Blocks are wide and cheap and must never step over a thin fold; single rays go at most 2.5 times the gap.
        secant = gap / np.clip(falling, 0.4, 1.0)
        step = np.where(last_gap < 0.15, secant, gap) if cone == 0 else gap * np.float32(0.6)
        here = np.minimum(here + step, np.float32(FAR))
        last_gap, last_step = gap, step
        going = (np.abs(step) > 0.002 * here) & (here < FAR)
        if cone > 0:
            going &= gap > 0.0  # at the cone's edge: the finer rays go on from here
        left = np.flatnonzero(going)
        if left.size < 0.7 * active.size:  # picking rays costs more than following a few for nothing
            reach[active] = here
            active, rays = active[left], rays.take(left, axis=1)
            here, last_gap, last_step = here[left], gap[left], step[left]
    reach[active] = here
    return reach


def finer(reach: Floats, shape: tuple[int, int]) -> Floats:
    """Starts [h, w] for rays twice as dense: the nearest of each block's neighbourhood, so that no edge is jumped."""
    nearest = cv2.erode(reach, np.ones((3, 3), np.uint8))
    return np.asarray(np.repeat(np.repeat(nearest, 2, 0), 2, 1)[: shape[0], : shape[1]], np.float32)
