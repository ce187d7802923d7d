"""Optimal assignment."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from polyplive.review.assignment import assign


def tables() -> st.SearchStrategy[list[list[float]]]:
    """Up to four rows and columns, with ties."""
    cost = st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0, 1.5]) | st.floats(0, 2)
    return st.tuples(st.integers(0, 4), st.integers(0, 4)).flatmap(
        lambda size: st.lists(st.lists(cost, min_size=size[1], max_size=size[1]), min_size=size[0], max_size=size[0])
    )


@given(tables())
@settings(max_examples=200, deadline=None)
def test_it_is_as_cheap_as_the_cheapest_of_all(costs: list[list[float]]) -> None:
    found = assign(costs, 1.0)
    assert len(set(found.values())) == len(found)
    assert all(costs[row][column] < 1.0 for row, column in found.items())
    columns = len(costs[0]) if costs else 0
    every = itertools.permutations(range(columns + len(costs)), len(costs))
    sums = [sum(min(costs[r][c], 1.0) if c < columns else 1.0 for r, c in enumerate(one)) for one in every]
    total = sum(costs[row][column] for row, column in found.items()) + len(costs) - len(found)
    assert abs(total - min(sums)) < 1e-9


def test_the_best_pair_first_would_cost_more() -> None:
    assert assign([[0.1, 0.2], [0.2, 0.9]], 1.0) == {0: 1, 1: 0}
