"""What the deployed graph makes of changed pictures: the score of a region, several pictures at once."""

from __future__ import annotations

import contextlib
from collections import deque
from typing import TYPE_CHECKING, Protocol

import numpy as np

from polyplive.backends.checks import check_numbers
from polyplive.backends.parallel import parallel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polyplive.backends.base import Engine, Pending
    from polyplive.types import Mask


class Score(Protocol):
    """Gives each picture of a batch a number: uint8 [N, H, W, 3] RGB to float32 [N]."""

    def __call__(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The scores, in the order of the pictures."""
        ...


class RegionScore:
    """The mean probability over ``region``, in [0, 1], from the engine that is shipped; implements ``Score``.

    A region is any part of the model's input: the predicted mask, or one finding. Where the engine takes several
    pictures at once it gets as many. One thread, the engine's.
    """

    def __init__(self, engine: Engine, region: Mask) -> None:
        """``region`` is bool [H, W] at the model's size. Raises ``ValueError`` where it is empty or of another size."""
        size = engine.spec.height, engine.spec.width
        if region.shape != size:
            raise ValueError(f"expected a region {size}, received {region.shape}")
        if not region.any():
            raise ValueError("expected a region with a pixel at least")
        self._engine = parallel(engine)
        self._region = region

    def __call__(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See ``Score``; [H, W] is the model's size. Raises ``EngineError``."""
        scores: list[float] = []
        waiting: deque[Pending] = deque()
        try:
            for picture in pictures:
                if len(waiting) == self._engine.requests:
                    scores.append(self._mean(waiting.popleft()))
                waiting.append(self._engine.start(picture[None], cam=False))
            while waiting:
                scores.append(self._mean(waiting.popleft()))
        finally:
            for pending in waiting:  # their answers must not be taken for those of later pictures
                with contextlib.suppress(Exception):
                    pending.result()
        return np.array(scores, np.float32)

    def _mean(self, pending: Pending) -> float:
        outputs = pending.result()
        check_numbers(outputs, self._engine.spec.backend)
        return float(outputs.probability[self._region].mean(dtype=np.float64))
