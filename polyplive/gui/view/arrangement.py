"""Where pictures lie in a view; without Qt."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive.overlay.element import Rect

if TYPE_CHECKING:
    from fractions import Fraction

GAP = 8
CAPTION_HEIGHT = 24
MARGIN = 8


@dataclass(frozen=True, slots=True)
class Arrangement:
    """``cells`` are the places of one picture or two, from left to right, in device pixels of the view.

    All cells are equally large. ``ratio`` is the number of device pixels in a logical one.
    """

    cells: tuple[Rect, ...]
    ratio: float

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of a cell in device pixels."""
        return self.cells[0].width, self.cells[0].height

    def around(self, width: int, height: int) -> list[Rect]:
        """All of a view of so many device pixels that is in no cell; the rectangles do not overlap."""
        cell_width, cell_height = self.size
        top, bottom = self.cells[0].y, self.cells[0].y + cell_height
        lefts = [0, *(cell.x + cell_width for cell in self.cells)]
        rights = [*(cell.x for cell in self.cells), width]
        between = [Rect(left, top, right - left, cell_height) for left, right in zip(lefts, rights, strict=True)]
        return [Rect(0, 0, width, top), *between, Rect(0, bottom, width, height - bottom)]


@functools.lru_cache(maxsize=8)  # the next frame lies where the last one did
def arrange(
    shown: tuple[Fraction | int, int], size: tuple[int, int], ratio: float, count: int = 1, margin: int = MARGIN
) -> Arrangement:
    """Places for ``count`` pictures, as large as possible.

    ``shown`` is a picture's width and height in its true shape, ``size`` the view's in logical pixels, of which
    ``margin`` are left at each edge. Above two pictures there is room for captions.
    """
    across, down = float(shown[0]), float(shown[1])
    top = margin + (CAPTION_HEIGHT if count > 1 else 0)
    cell = (size[0] - 2 * margin - (count - 1) * GAP) / count
    room = size[1] - margin - top
    scale = max(min(cell / across, room / down), 1e-6)
    width, height = max(1, round(across * scale * ratio)), max(1, round(down * scale * ratio))
    y = round((top + room / 2) * ratio - height / 2)
    middles = [margin + place * (cell + GAP) + cell / 2 for place in range(count)]
    return Arrangement(tuple(Rect(round(middle * ratio - width / 2), y, width, height) for middle in middles), ratio)
