"""Whether a graph in float16 can be trusted on this GPU: an activation beyond 65504 becomes infinite."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polyplive.backends.checks import check_numbers
from polyplive.errors import NotFinite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from polyplive.backends.base import Engine


def stays_finite(engine: Engine) -> bool:
    """Run ``engine`` on a few plain and random pictures; False if an output holds NaN or infinity.

    Raises other errors of ``infer``.
    """
    try:
        for picture in _pictures(engine.spec.height, engine.spec.width):
            check_numbers(engine.infer(picture), engine.spec.backend)
    except NotFinite:
        return False
    return True


def _pictures(height: int, width: int) -> Iterator[NDArray[np.uint8]]:
    """uint8 [1, height, width, 3]: black, white, and random squares of three sizes."""
    yield from (np.full((1, height, width, 3), level, np.uint8) for level in (0, 255))
    rng = np.random.default_rng(0)
    for cells in (2, 8, 32):
        squares = rng.integers(0, 256, (cells, cells, 3), np.uint8)
        rows, columns = (np.arange(side) * cells // side for side in (height, width))
        yield squares[rows][:, columns][None]
