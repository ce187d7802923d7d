"""Which goes with which, at the least cost altogether: optimal assignment of rows to columns."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def assign(costs: Sequence[Sequence[float]], most: float) -> dict[int, int]:
    """Row -> column, each at most once, so that the sum of costs is least; a row that is left out costs ``most``.

    ``costs`` has one sequence a row, all of one length; no pair that costs ``most`` or more is taken. Of equal sums the
    answer is always the same. Shortest augmenting paths: Jonker and Volgenant, Computing 38 (1987), without their
    reductions, which pay only for larger tables.
    """
    rows = len(costs)
    columns = len(costs[0]) if costs else 0
    if rows == 1:
        best = min(range(columns), key=costs[0].__getitem__, default=-1)
        return {0: best} if best >= 0 and costs[0][best] < most else {}
    # Every row has a column of its own behind the others, for being left out.
    padded = [[min(cost, most) for cost in row] + [most] * rows for row in costs]
    owner = _owners(padded)
    return {
        row: column
        for column, row in sorted(owner.items(), key=lambda pair: pair[1])
        if column < columns and costs[row][column] < most
    }


def _owners(costs: Sequence[Sequence[float]]) -> dict[int, int]:
    """Column -> row of the cheapest complete assignment; there are at least as many columns as rows."""
    width = len(costs[0]) if costs else 0
    owner: dict[int, int] = {}
    row_price = [0.0] * len(costs)
    column_price = [0.0] * width
    for start in range(len(costs)):
        reach = [math.inf] * width
        before = [-1] * width
        done: list[int] = []
        row, last = start, -1
        while True:  # until a column is reached that nobody owns
            near = reach[last] if last >= 0 else 0.0
            for column in range(width):
                if column not in done:
                    length = near + costs[row][column] - row_price[row] - column_price[column]
                    if length < reach[column]:
                        reach[column], before[column] = length, last
            last = min((column for column in range(width) if column not in done), key=reach.__getitem__)
            if last not in owner:
                break
            done.append(last)
            row = owner[last]
        end = reach[last]
        row_price[start] += end
        for column in done:
            row_price[owner[column]] += end - reach[column]
            column_price[column] -= end - reach[column]
        while last >= 0:
            owner[last] = owner[before[last]] if before[last] >= 0 else start
            last = before[last]
    return owner
