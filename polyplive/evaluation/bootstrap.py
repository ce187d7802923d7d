"""Bootstrap intervals of a mean over pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

RESAMPLES = 2000
LEVEL = 0.95


def mean_interval(values: Sequence[float], seed: int = 0) -> tuple[float, float] | None:
    """The ``LEVEL`` interval of the mean of ``values``; None for fewer than two.

    The percentile bootstrap (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, section 13.3) over
    pictures: ``RESAMPLES`` samples of the same size are drawn with replacement. The same ``seed`` gives the same
    interval. The method assumes independent pictures. With several pictures of one patient the true interval is wider.
    """
    if len(values) < 2:
        return None
    given = np.asarray(values, np.float64)
    rng = np.random.default_rng(seed)
    means = [float(given[rng.integers(0, given.size, given.size)].mean()) for _ in range(RESAMPLES)]
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
