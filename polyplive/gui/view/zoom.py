"""Which part of a picture is seen, and how it changes; without Qt."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from polyplive.pixels.crop import Crop

HIGHEST = 12.0
"""Steps to the largest picture."""
STEPS_TO_DOUBLE = 4


@dataclass(frozen=True, slots=True)
class Zoom:
    """How much larger than usual a picture is shown, and what of it is in the middle.

    ``steps`` is 0 where all of it is seen; each four of them double the size, up to eight times. ``x`` and ``y`` are
    the middle of what is seen, in shares of the picture's width and height. No edge of the picture comes into the view.
    """

    steps: float = 0.0
    x: float = 0.5
    y: float = 0.5

    @property
    def factor(self) -> float:
        """How many times larger than usual, from 1 to 8."""
        return float(2 ** (self.steps / STEPS_TO_DOUBLE))

    def crop(self, width: int, height: int) -> Crop | None:
        """What is seen of a picture of so many pixels; None where that is all of it."""
        if self.steps <= 0:
            return None
        seen = 1 / self.factor
        return Crop((self.x - seen / 2) * width, (self.y - seen / 2) * height, seen * width, seen * height)

    def by(self, steps: float, at: tuple[float, float] = (0.5, 0.5)) -> Zoom:
        """So many steps larger, or smaller below 0. What is seen at ``at`` (shares of the view) stays there."""
        steps = min(max(self.steps + steps, 0.0), HIGHEST)
        if steps <= 0:
            return Zoom()
        after = dataclasses.replace(self, steps=steps)
        moved = 1 / self.factor - 1 / after.factor
        return after._inside(self.x + (at[0] - 0.5) * moved, self.y + (at[1] - 0.5) * moved)

    def moved(self, across: float, down: float) -> Zoom:
        """With the picture drawn to the right and downwards by such shares of the view."""
        return self._inside(self.x - across / self.factor, self.y - down / self.factor)

    def _inside(self, x: float, y: float) -> Zoom:
        half = 0.5 / self.factor
        return dataclasses.replace(self, x=min(max(x, half), 1 - half), y=min(max(y, half), 1 - half))


def magnified(
    seen: Crop | None, size: tuple[int, int], at: tuple[float, float], shares: tuple[float, float], factor: float
) -> Crop:
    """What a loupe shows that covers ``shares`` of a view's width and height: ``factor`` times larger, around ``at``.

    ``at`` is a place in the view, in shares. ``seen`` is what the view shows of a picture of ``size`` (width, height);
    None for all of it. Near the picture's edge it shows what is there, and not what lies beyond.
    """
    view = seen or Crop(0, 0, *size)
    width, height = view.width * shares[0] / factor, view.height * shares[1] / factor
    x, y = view.x + at[0] * view.width - width / 2, view.y + at[1] * view.height - height / 2
    return Crop(min(max(x, 0), size[0] - width), min(max(y, 0), size[1] - height), width, height)
