"""How steady a heatmap is: between neighbouring frames, or where one picture moves or brightens a little.

A heatmap that jumps while the picture hardly changes explains the grid that it was computed on, not the polyp. Alvarez
Melis and Jaakkola, "On the robustness of interpretability methods", 2018, ask for this of every explanation.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import cv2
import numpy as np

from polyplive.explanation.correlation import pearson
from polyplive.explanation.displayed import displayed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from polyplive.types import FloatMap

SHIFT = 1 / 64
"""How far a picture is moved, as a share of its side: 5 of 352 pixels, about what a slow scope moves in a frame."""

BRIGHTER, DARKER = 1.1, 0.9


@dataclass(frozen=True, slots=True)
class Change:
    """A small known change: the picture moves by ``down`` and ``right`` pixels, and is ``gain`` times as bright."""

    down: int = 0
    right: int = 0
    gain: float = 1.0

    def of(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The changed picture, of the same shape uint8 [H, W, 3]; what comes into view mirrors what is beside it."""
        height, width = picture.shape[:2]
        reach = max(abs(self.down), abs(self.right))
        wide = cv2.copyMakeBorder(picture, reach, reach, reach, reach, cv2.BORDER_REFLECT)
        top, left = reach - self.down, reach - self.right
        moved = wide[top : top + height, left : left + width]
        return np.ascontiguousarray(cv2.convertScaleAbs(moved, alpha=self.gain))

    def agreement(self, before: FloatMap, after: FloatMap) -> float | None:
        """Pearson's correlation of two maps float32 [H, W], at the picture's size: ``after`` is of the changed picture.

        It is shifted back, and compared where both have seen the same. A map that has vanished agrees with nothing: 0.
        None where there was no map before.
        """
        if not before.any():
            return None
        return pearson(_part(before, -self.down, -self.right), _part(after, self.down, self.right)) or 0.0


def changes(height: int, width: int) -> tuple[Change, ...]:
    """The changes of a still of ``height`` by ``width`` pixels: down, to the right, brighter, darker."""
    down, right = max(1, round(SHIFT * height)), max(1, round(SHIFT * width))
    return Change(down=down), Change(right=right), Change(gain=BRIGHTER), Change(gain=DARKER)


def between_frames(maps: Iterable[FloatMap | None], height: int, width: int) -> Iterator[float]:
    """The agreement of each two neighbouring frames of a video, in order.

    ``maps`` are the raw maps of consecutive frames, float32 [h, w], compared as ``displayed`` at ``height`` by
    ``width``. Nothing is shifted back: a scope that moves fast agrees less. A pair with a map in one frame alone gives
    0; pairs without any are left out.
    """
    still = Change()
    empty = np.zeros((height, width), np.float32)
    shown = (empty if cam is None else displayed(cam, height, width) for cam in maps)
    for before, after in pairwise(shown):
        if before.any() or after.any():
            yield still.agreement(before, after) or 0.0


def _part(values: FloatMap, down: int, right: int) -> FloatMap:
    """What is left of a map when the first ``down`` rows and ``right`` columns go, or the last ones where negative."""
    height, width = values.shape
    rows = slice(max(down, 0), height + min(down, 0))
    return values[rows, max(right, 0) : width + min(right, 0)]
