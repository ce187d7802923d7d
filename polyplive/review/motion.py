"""Where a finding is and where it should be next: places in shares of the picture, moving at a speed that fades."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from polyplive.pipeline.tracking import Box

NEWEST = 0.5
"""What the newest step weighs in the speed; the speed before it has the rest."""

FADES_S = 0.25
"""Seconds. For about so long an unseen finding goes on as it moved: a hand on the scope soon changes its mind."""

SMALLEST = 0.05
"""A share of the picture's sides. Smaller boxes are compared as if they were as large."""

GROWTH_WEIGHT = 0.3
"""What doubling both sides counts in ``Place.distance``."""


@dataclass(frozen=True, slots=True)
class Place:
    """A box in shares of the picture: its middle at ``x``, ``y``, and its ``width`` and ``height``."""

    x: float
    y: float
    width: float
    height: float

    @staticmethod
    def of(box: Box, width: int, height: int) -> Place:
        """The place of a ``box`` in a picture of ``width`` x ``height`` pixels."""
        left, top, wide, tall = box
        return Place((left + wide / 2) / width, (top + tall / 2) / height, wide / width, tall / height)

    @property
    def area(self) -> float:
        """As a share of the picture, above 0."""
        return max(self.width * self.height, 1e-9)

    def apart(self, other: Place) -> float:
        """How far the middles are from each other, in shares of the picture's sides."""
        return math.hypot(self.x - other.x, self.y - other.y)

    def growth(self, other: Place) -> float:
        """How often the sides of the smaller have to double to be as large as the other's; at least 0."""
        return abs(math.log2(self.area / other.area)) / 2

    def inside(self, other: Place) -> float:
        """The share of the smaller of the two boxes that lies inside the larger one, in [0, 1]."""
        wide = _shared(self.x, self.width, other.x, other.width)
        tall = _shared(self.y, self.height, other.y, other.height)
        return wide * tall / min(self.area, other.area)

    def distance(self, other: Place) -> float:
        """How unlike two places are, at least 0: 1 where boxes of a size just touch. Growth counts as well.

        A box inside the other is no further off for lying beside its middle: half of an outline is easily lost.
        """
        wide = max((self.width + other.width) / 2, SMALLEST)
        tall = max((self.height + other.height) / 2, SMALLEST)
        beside = math.hypot((self.x - other.x) / wide, (self.y - other.y) / tall)
        return beside * (1 - self.inside(other)) + GROWTH_WEIGHT * self.growth(other)


def _shared(first: float, first_size: float, second: float, second_size: float) -> float:
    """How much two stretches, each by its middle and size, have in common."""
    end = min(first + first_size / 2, second + second_size / 2)
    return min(max(end - max(first - first_size / 2, second - second_size / 2), 0.0), first_size, second_size)


class Motion:
    """Follows the place of one finding; one thread. Times are seconds of the video and rise."""

    def __init__(self, place: Place, time_s: float) -> None:
        self._place, self._time_s = place, time_s
        self._speed = (0.0, 0.0)

    def at(self, time_s: float) -> Place:
        """Where it should be then: straight on at a speed that fades, and as large as it was."""
        reach_s = FADES_S * (1 - math.exp(-(time_s - self._time_s) / FADES_S))
        place, (across, down) = self._place, self._speed
        return Place(place.x + across * reach_s, place.y + down * reach_s, place.width, place.height)

    def see(self, place: Place, time_s: float) -> None:
        """Take where it is at a time after the last."""
        step_s = time_s - self._time_s
        if step_s > 0:
            across, down = (place.x - self._place.x) / step_s, (place.y - self._place.y) / step_s
            old = self._speed
            self._speed = old[0] + NEWEST * (across - old[0]), old[1] + NEWEST * (down - old[1])
        self._place, self._time_s = place, time_s
