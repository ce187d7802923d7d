"""ROAD: how the score falls as pixels are imputed in the order of a heatmap, or in the reverse order.

Rong et al., "A consistent and efficient evaluation strategy for attribution methods" (RemOve And Debias), ICML 2022.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from polyplive.explanation.curves import CurvePoint
from polyplive.explanation.displayed import displayed
from polyplive.explanation.imputation import noisily_imputed
from polyplive.explanation.ordering import first_of, relevance_order
from polyplive.system.machine import processor_count

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from polyplive.explanation.scoring import Score
    from polyplive.types import FloatMap

SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9)
"""Shares of the pixels that are imputed."""


def road(
    picture: NDArray[np.uint8], cam: FloatMap, score: Score, *, most_relevant_first: bool, seed: int = 0
) -> list[CurvePoint]:
    """The score after each of ``SHARES`` of the pixels has been imputed.

    ``picture`` is uint8 [H, W, 3] RGB, at the model's size; ``cam`` float32 [h, w] covers it, compared as
    ``displayed``. With the most relevant pixels first the score should fall at once, with the least relevant first it
    should last. Ties are broken at random by ``seed``, which also deals the noise: that is the same for both orders.
    Raises what ``score`` raises. All processors impute.
    """
    height, width = picture.shape[:2]
    order = relevance_order(displayed(cam, height, width), seed)
    if not most_relevant_first:
        order = order[::-1]

    def changed(share: float) -> NDArray[np.uint8]:
        return noisily_imputed(picture, first_of(order, share, (height, width)), np.random.default_rng(seed))

    with ThreadPoolExecutor(processor_count(), "polyplive-imputing") as pool:
        scores = score(np.stack(list(pool.map(changed, SHARES))))
    return [CurvePoint(share, float(value)) for share, value in zip(SHARES, scores, strict=True)]


def mean_score(points: Iterable[CurvePoint]) -> float:
    """The mean of the scores of ``road``."""
    return float(np.mean([point.score for point in points]))
