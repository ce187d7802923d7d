"""How alike two maps are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polyplive.types import FloatMap


def pearson(one: FloatMap, other: FloatMap) -> float | None:
    """Pearson's correlation of two float32 arrays of one shape, in [-1, 1]; None where one of them is constant."""
    return _correlation(one.ravel().astype(np.float64), other.ravel().astype(np.float64))


def spearman(one: FloatMap, other: FloatMap) -> float | None:
    """Spearman's rank correlation of two float32 arrays of one shape, in [-1, 1]; None where one is constant.

    Equal values share the mean of their ranks (Spearman, "The proof and measurement of association between two
    things", American Journal of Psychology 1904).
    """
    return _correlation(_ranks(one), _ranks(other))


def _ranks(values: FloatMap) -> NDArray[np.float64]:
    _, place, count = np.unique(values.ravel(), return_inverse=True, return_counts=True)
    ranks: NDArray[np.float64] = (np.cumsum(count) - (count - 1) / 2)[place.ravel()]
    return ranks


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float | None:
    if (one == one[0]).all() or (other == other[0]).all():
        return None
    a, b = one - one.mean(), other - other.mean()
    length = float(np.sqrt((a @ a) * (b @ b)))
    return float(np.clip(a @ b / length, -1.0, 1.0)) if length > 0 else None
