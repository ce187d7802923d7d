"""How sure the model is of each finding, in steps that do not change from frame to frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.strength import MIDDLING_FROM, STRONG_FROM, Strength

if TYPE_CHECKING:
    from collections.abc import Collection

WEIGHT = 1 / 3
"""What the newest score weighs in a track's mean; the mean before it has the rest."""

MARGIN = 0.05
"""A mean has to be so far beyond the bound between two steps to leave its own."""

_BOUNDS = {
    Strength.WEAK: (0.0, MIDDLING_FROM),
    Strength.MIDDLING: (MIDDLING_FROM, STRONG_FROM),
    Strength.STRONG: (STRONG_FROM, 1.0),
}


class Strengths:
    """Follows the step of each track: an exponential mean of its scores, with hysteresis. One thread."""

    def __init__(self) -> None:
        self._means: dict[int, float] = {}
        self._steps: dict[int, Strength] = {}

    def of(self, track: int, score: float) -> Strength:
        """The step of ``track`` in a frame where it has this ``score``; called once a frame that it is found in."""
        mean = self._means.get(track, score)
        self._means[track] = mean = mean + WEIGHT * (score - mean)
        low, high = _BOUNDS[self._steps.get(track, Strength.of(mean))]
        if not low - MARGIN <= mean < high + MARGIN or track not in self._steps:
            self._steps[track] = Strength.of(mean)
        return self._steps[track]

    def keep(self, alive: Collection[int]) -> None:
        """Forget all tracks that are not ``alive``."""
        for track in [track for track in self._means if track not in alive]:
            del self._means[track], self._steps[track]

    def reset(self) -> None:
        """Forget everything."""
        self._means.clear()
        self._steps.clear()
