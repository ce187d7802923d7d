"""Pixels in the order of a heatmap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polyplive.types import FloatMap, Mask


def relevance_order(shown: FloatMap, seed: int = 0) -> NDArray[np.int64]:
    """The places int64 [H * W] of a map float32 [H, W], row by row: the most relevant pixel first.

    Pixels of the same value, such as all those that are 0, are in an order drawn at random. The same ``seed`` gives
    the same order.
    """
    values = shown.ravel()
    drawn = np.random.default_rng(seed).permutation(values.size)
    order: NDArray[np.int64] = drawn[np.argsort(-values[drawn], kind="stable")]
    return order


def first_of(order: NDArray[np.int64], share: float, shape: tuple[int, int]) -> Mask:
    """bool [H, W] of ``shape``: True for the first ``share``, 0 to 1, of the places in ``order``, rounded."""
    chosen = np.zeros(order.size, bool)
    chosen[order[: round(share * order.size)]] = True
    return chosen.reshape(shape)
