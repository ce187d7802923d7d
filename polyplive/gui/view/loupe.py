"""The loupe: a square around the pointer in which the picture is larger; without Qt."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive.gui.view.zoom import magnified
from polyplive.overlay.baked import Patch, baked
from polyplive.overlay.element import Rect

if TYPE_CHECKING:
    from polyplive.gui.view.arrangement import Arrangement
    from polyplive.gui.view.scene import Scene
    from polyplive.overlay.target import Target
    from polyplive.pixels.crop import Crop

FACTOR = 3
_SIDE = 260
"""Logical pixels; less where the picture is small."""


@dataclass(frozen=True, slots=True)
class Loupe:
    """``rect`` is where it lies, in device pixels of the view. It shows ``crop`` of the frame.

    ``target`` is where its overlay is laid out; None over the picture without one.
    """

    rect: Rect
    crop: Crop
    target: Target | None

    @classmethod
    def at(cls, point: tuple[float, float], scene: Scene, arrangement: Arrangement, seen: Crop | None) -> Loupe | None:
        """The loupe around ``point``, in logical pixels of the view; None where no picture is beneath it."""
        x, y = point[0] * arrangement.ratio, point[1] * arrangement.ratio
        for number, cell in enumerate(arrangement.cells):
            across, down = (x - cell.x) / cell.width, (y - cell.y) / cell.height
            if 0 <= across < 1 and 0 <= down < 1:
                side = max(1, min(round(_SIDE * arrangement.ratio), round(0.6 * min(cell.width, cell.height))))
                size = scene.frame.width, scene.frame.height
                crop = magnified(seen, size, (across, down), (side / cell.width, side / cell.height), FACTOR)
                is_last = number == len(arrangement.cells) - 1
                target = scene.target(side, side, arrangement.ratio, crop) if is_last else None
                return cls(Rect(round(x - side / 2), round(y - side / 2), side, side), crop, target)
        return None

    def patches(self, scene: Scene) -> tuple[Patch, ...]:
        """What marks polyps, at the loupe's size, in device pixels of the view; labels would hide them."""
        if self.target is None:
            return ()
        marks = dataclasses.replace(scene.settings, scores=False, legend=False)
        drawn = baked(self.target, scene.prediction, marks)
        return tuple(Patch(self.rect.x + patch.x, self.rect.y + patch.y, patch.pixels) for patch in drawn)
