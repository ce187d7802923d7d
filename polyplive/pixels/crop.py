"""Parts of a picture whose edges may lie within pixels, and where the pixels of such a part come from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

_NEIGHBOURS = 4
"""Pixels beside a part that its own lie between: two samples of chroma."""
_TIE = 1e-6


@dataclass(frozen=True, slots=True)
class Crop:
    """The visible part of a picture, in its own pixels: from ``x``, ``y`` on, ``width`` by ``height`` of them.

    It lies inside of the picture. No number has to be whole.
    """

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of a part: ``first`` to ``stop`` are pixels of the picture, which begin ``before`` pixels of the result.

    ``growth`` is how many of the result's pixels show one of the picture's.
    """

    first: int
    stop: int
    growth: float
    before: int

    @classmethod
    def of(cls, start: float, length: float, count: int, pixels: int) -> Self:
        """From ``start`` on, ``length`` of ``count`` pixels, as so many ``pixels``."""
        unit = 2 ** (_halvings(length, pixels) + 1)  # so that no halving, nor chroma, moves with the part
        first = max(math.floor((start - _NEIGHBOURS) / unit) * unit, 0)
        stop = min(math.ceil((start + length + _NEIGHBOURS) / unit) * unit, count)
        growth = pixels / length
        return cls(first, stop, growth, math.floor((start - first) * growth + 0.5 - _TIE))


@dataclass(frozen=True, slots=True)
class Cut:
    """How a part of a plane becomes an array of another size: samples are taken, halved, then scaled by ``growth``.

    ``rows`` and ``columns`` hold the part and its neighbours; ``sizes`` are those after each halving (rows, columns).
    Of what comes out, the part begins at ``before``. Both are given as (across, down).
    """

    rows: slice
    columns: slice
    sizes: tuple[tuple[int, int], ...]
    growth: tuple[float, float]
    before: tuple[int, int]

    @classmethod
    def of(cls, picture: tuple[int, int], crop: Crop, size: tuple[int, int], shared: tuple[int, int] = (1, 1)) -> Self:
        """``crop`` of a plane of a ``picture`` of (rows, columns), as an array of ``size`` (rows, columns).

        ``shared`` is how many columns and rows of the picture share one of the plane's samples. Parts begin at a whole
        pixel of the result, the same in each plane: the picture lies at most half of one beside where it should.
        """
        down = _Side.of(crop.y, crop.height, picture[0], size[0])
        across = _Side.of(crop.x, crop.width, picture[1], size[1])
        rows = slice(down.first // shared[1], -(-down.stop // shared[1]))
        columns = slice(across.first // shared[0], -(-across.stop // shared[0]))
        held = rows.stop - rows.start, columns.stop - columns.start
        steps = _halvings(crop.height / shared[1], size[0]), _halvings(crop.width / shared[0], size[1])
        sizes = tuple(
            (_halved(held[0], step, steps[0]), _halved(held[1], step, steps[1])) for step in range(max(steps))
        )
        last = sizes[-1] if sizes else held
        growth = (
            across.growth * shared[0] * held[1] / last[1],
            down.growth * shared[1] * held[0] / last[0],
        )
        return cls(rows, columns, sizes, growth, (across.before, down.before))


def _halvings(samples: float, pixels: int) -> int:
    """How often so many samples are halved before less than a halving is left, as in ``shrink``."""
    steps = 0
    while samples >= 2 * pixels:
        samples, steps = samples / 2, steps + 1
    return steps


def _halved(samples: int, step: int, steps: int) -> int:
    """A side after the halving number ``step``, from 0 on, where it is halved so many times."""
    for _ in range(min(step + 1, steps)):
        samples = (samples + 1) // 2
    return samples
