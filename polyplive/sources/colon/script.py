"""What happens in a rendered procedure, and when: stretches of the way, and disturbances with a start and an end.

Times are seconds from the procedure's start. A *place* is where the tip is in a leg: the seconds after which a plain
flight through that leg's colon comes by.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal

import numpy as np

from polyplive.sources.colon.polyps import Placement

Condition = Literal[
    "water",
    "bubbles",
    "stool",
    "instrument",
    "red-out",
    "defocus",
    "motion blur",
    "over-exposed",
    "under-exposed",
    "outside the body",
]
"""What keeps a frame from being a clear view. Stool, instrument and red-out also cover what is behind them."""

_RAMP_S = 0.6  # how long a disturbance takes to come, and to go
_EASE_S = 0.3  # starts, stops and turns are rounded by this much before and after
_EASE = np.linspace(-_EASE_S, _EASE_S, 7)


@dataclass(frozen=True, slots=True)
class Leg:
    """A part of the colon: the seed that renders it, how long a plain flight takes, and its polyps.

    ``placements[i]`` is where polyp number ``polyps[i]`` grows. Numbers count from 1 over the whole procedure.
    """

    seed: int
    seconds: float
    placements: tuple[Placement, ...]
    polyps: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A steady move through leg ``leg`` from place ``begins`` to ``ends``: ahead, back, or standing still.

    ``leg`` None is outside of the body.
    """

    start_s: float
    end_s: float
    leg: int | None
    begins: float = 0.0
    ends: float = 0.0


@dataclass(frozen=True, slots=True)
class Disturbance:
    """A spoilt view from ``start_s`` to ``end_s``, at most ``strength`` (0 to 1) strong.

    ``polyp`` is the number of the polyp that it goes for, 0 for the middle of the picture.
    """

    condition: Condition
    start_s: float
    end_s: float
    strength: float = 1.0
    polyp: int = 0

    def strength_at(self, seconds: float) -> float:
        """0 before and after, rising and falling at the ends."""
        ramp = min(_RAMP_S, (self.end_s - self.start_s) / 3)
        inside = min(seconds - self.start_s, self.end_s - seconds) / ramp
        return self.strength * min(max(inside, 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class Script:
    """A whole procedure. ``stretches`` follow one another without a gap from 0 to ``seconds``."""

    seed: int
    seconds: float
    legs: tuple[Leg, ...]
    stretches: tuple[Stretch, ...]
    disturbances: tuple[Disturbance, ...]

    def where(self, seconds: float) -> tuple[int | None, float]:
        """The leg (None: outside of the body) and the place in it at that time, with rounded turns."""
        now = self._stretch(seconds)
        if now.leg is None:
            return None, 0.0
        return now.leg, float(np.mean([self._place(seconds + shift, now) for shift in _EASE]))

    def disturbances_at(self, seconds: float) -> list[tuple[int, Disturbance]]:
        """The disturbances of that time, each with its number in ``disturbances``."""
        numbered = enumerate(self.disturbances)
        return [(number, each) for number, each in numbered if each.strength_at(seconds) > 0]

    def _stretch(self, seconds: float) -> Stretch:
        number = bisect_right(self.stretches, seconds, key=lambda stretch: stretch.start_s) - 1
        return self.stretches[max(number, 0)]

    def _place(self, seconds: float, now: Stretch) -> float:
        stretch = self._stretch(seconds)
        if stretch.leg != now.leg:  # beyond a cut: hold this leg's own end
            stretch = now
        part = (seconds - stretch.start_s) / max(stretch.end_s - stretch.start_s, 1e-6)
        return stretch.begins + (stretch.ends - stretch.begins) * min(max(part, 0.0), 1.0)
