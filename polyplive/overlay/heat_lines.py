"""Lines of equal heat, which leave the mucosa between them as it is."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from polyplive.overlay.colours import EDGE_COLOUR, PALE_EDGE_COLOUR, brightness_of, heat_colours, opaque
from polyplive.overlay.element import Rect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from polyplive.overlay.colours import Colour
    from polyplive.overlay.element import Cover
    from polyplive.overlay.heat_levels import HeatLevels
    from polyplive.types import Contour, Image

LINES = (64, 128, 191)
"""The levels (of 255) that lines are drawn at: 25, 50 and 75% of full scale."""

_TOLERANCE_PX = 0.8
"""How far a line's corners may stray from the traced one: removes the stairs of single pixels."""

_THINNEST = 2
"""Pixels. A line of one is less seen than its halo, and has no colour."""

_SHORTEST = 4
"""Points. What is shorter, at the edge of a finding's margin, is no line."""


@dataclass(frozen=True, slots=True, eq=False)
class HeatLines:
    """Open lines (int32 [N, 2], pixels), the levels that they are of, and how thick they are without their halo."""

    lines: tuple[tuple[int, Contour], ...]
    thickness: int

    def draw(self, image: Image) -> None:
        """Draw all halos, then all lines: no halo lies over a line."""
        for thickness, is_halo in ((self._outer, True), (self.thickness, False)):
            for level, line in self.lines:
                colour = _halo(level) if is_halo else _colour(level)
                cv2.polylines(image, [line], False, opaque(colour), thickness, cv2.LINE_AA)

    def cover(self, mask: Cover) -> None:
        """The halos, and a little more: smooth lines fade out over two pixels."""
        cv2.polylines(mask, [line for _, line in self.lines], False, 255, self._covered, cv2.LINE_8)

    @property
    def bounds(self) -> Rect:
        """The box around the lines and their width."""
        x, y, width, height = cv2.boundingRect(np.concatenate([line for _, line in self.lines]))
        more = self._covered // 2 + 2
        return Rect(x - more, y - more, width + 2 * more, height + 2 * more)

    def moved(self, across: int, down: int) -> HeatLines:
        """The same elsewhere."""
        by = np.array((across, down), np.int32)
        return dataclasses.replace(self, lines=tuple((level, line + by) for level, line in self.lines))

    @property
    def _outer(self) -> int:
        return self.thickness + 2

    @property
    def _covered(self) -> int:
        return self._outer + 4


def heat_lines(heat: HeatLevels, line: int) -> HeatLines | None:
    """The lines of ``heat`` on a picture where usual lines are ``line`` pixels thick; None where there are none."""
    corner = np.array((heat.rect.x, heat.rect.y), np.int32)
    found = tuple((level, piece + corner) for level in LINES for piece in _traced(heat, level))
    return HeatLines(found, max(_THINNEST, round(0.6 * line))) if found else None


def _traced(heat: HeatLevels, level: int) -> Iterator[Contour]:
    """The pieces of one line that are shown, in pixels of the heat's rectangle.

    A line ends where the map does, and in the middle of the margin at which heat begins to be hidden.
    """
    outlines, _ = cv2.findContours((heat.levels >= level).view(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    shown = np.zeros(heat.levels.shape, bool)
    shown[1:-1, 1:-1] = True
    if heat.gate is not None:
        shown &= heat.gate >= 128
    for outline in outlines:
        points = outline[:, 0]
        is_shown = shown[points[:, 1], points[:, 0]]
        if is_shown.all():
            corners = cv2.approxPolyDP(points, _TOLERANCE_PX, True)[:, 0]
            yield np.concatenate((corners, corners[:1]))
            continue
        for piece in _runs(points, is_shown):
            yield cv2.approxPolyDP(piece, _TOLERANCE_PX, False)[:, 0]


def _runs(points: Contour, shown: NDArray[np.bool_]) -> list[Contour]:
    """The pieces of a closed outline whose points are ``shown``, which not all of them are."""
    start = int(np.argmin(shown))  # a point that is hidden: no piece goes round
    points, shown = np.roll(points, -start, axis=0), np.roll(shown, -start)
    edges = np.flatnonzero(np.diff(shown.astype(np.int8), append=0))
    pieces = [points[a + 1 : b + 1] for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return [piece for piece in pieces if len(piece) >= _SHORTEST]


def _halo(level: int) -> Colour:
    """Pale around a dark line, dark around a bright one: one of both differs from whatever mucosa lies below."""
    return PALE_EDGE_COLOUR if brightness_of(_colour(level)) < 128 else EDGE_COLOUR


def _colour(level: int) -> Colour:
    blue, green, red = (int(value) for value in heat_colours()[level, 0])
    return blue, green, red
