"""Parts of a picture whose edges may lie within pixels, and where the pixels of such a part come from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

from polyplive.pixels.shrink import halvings


@dataclass(frozen=True, slots=True)
class Crop:
    """The visible part of a picture, in its own pixels: from ``x``, ``y`` on, ``width`` by ``height`` of them.

    It lies inside of the picture. No number has to be whole.
    """

    x: float
    y: float
    width: float
    height: float

    @property
    def rows(self) -> tuple[float, float]:
        """Its upper and its lower edge."""
        return self.y, self.y + self.height

    @property
    def columns(self) -> tuple[float, float]:
        """Its left and its right edge."""
        return self.x, self.x + self.width


@dataclass(frozen=True, slots=True)
class Cut:
    """How a part of a plane becomes an array of another size: whole samples are taken, halved and interpolated.

    ``rows`` and ``columns`` hold the part, ``sizes`` are those after each halving (rows, columns). In the last of these
    arrays pixel (i, j) of the result lies at ``origin + (i, j) * step``, counted from the middle of the first sample;
    both are given as (across, down).
    """

    rows: slice
    columns: slice
    sizes: tuple[tuple[int, int], ...]
    origin: tuple[float, float]
    step: tuple[float, float]

    @classmethod
    def of(
        cls,
        shape: tuple[int, ...],
        rows: tuple[float, float],
        columns: tuple[float, float],
        size: tuple[int, int],
        *,
        with_neighbours: bool = False,
    ) -> Self:
        """The part between those edges of a plane of ``shape`` ([H, W]), as an array of ``size`` (rows, columns).

        Beyond the samples that hold it, those at its edge are repeated; ``with_neighbours``, the plane's own are taken
        as far as there are any, and the halvings stay where they are when the part is moved.
        """
        lines = _whole(rows, shape[0], size[0], with_neighbours=with_neighbours)
        row = _whole(columns, shape[1], size[1], with_neighbours=with_neighbours)
        held = lines.stop - lines.start, row.stop - row.start
        sizes = tuple(halvings(*held, *size))
        last = sizes[-1] if sizes else held
        down, across = last[0] / held[0], last[1] / held[1]
        step_x, step_y = (columns[1] - columns[0]) / size[1], (rows[1] - rows[0]) / size[0]
        origin = (
            (columns[0] - row.start + step_x / 2) * across - 0.5,
            (rows[0] - lines.start + step_y / 2) * down - 0.5,
        )
        return cls(lines, row, sizes, origin, (step_x * across, step_y * down))


def _whole(edges: tuple[float, float], count: int, pixels: int, *, with_neighbours: bool) -> slice:
    """The samples of a side of ``count`` that hold the part between ``edges``, which becomes so many ``pixels``."""
    first, stop = math.floor(edges[0]), min(math.ceil(edges[1]), count)
    if not with_neighbours:
        return slice(first, stop)
    unit = 2 ** len(halvings(stop - first, 1, pixels, 1))
    first, stop = (first - 1) // unit * unit, -(-(stop + 1) // unit) * unit
    return slice(max(first, 0), min(stop, count))
