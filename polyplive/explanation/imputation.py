"""Fills in pixels from their neighbours: the noisy linear imputation of ROAD.

Rong et al., "A consistent and efficient evaluation strategy for attribution methods", ICML 2022. Each missing pixel is
the weighted mean of its eight neighbours, missing ones included: 1/6 for those beside, above and below it, 1/12 for the
diagonal ones. At the border the weights of those that exist are scaled to 1. What was there cannot be read off the
shape of what is missing, as it can from a grey area.

That linear system is symmetric and positive definite. It is solved by conjugate gradients with a cycle of multigrid as
preconditioner (Briggs, Henson and McCormick, "A Multigrid Tutorial", 2000): a few dozen filters of the picture, where
conjugate gradients alone take hundreds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polyplive.types import FloatMap, Mask

NOISE = 0.01
"""The noise's standard deviation, as a share of the levels from black to white."""

TOLERANCE = 0.05
"""Levels of 255: the search ends where no pixel is estimated to be farther from the solution than this."""

_MOST_ROUNDS = 200
_SWEEPS, _COARSEST_SWEEPS = 2, 40
_THREE = np.array([1.0, 2.0, 1.0], np.float32)
_SELF = 1 / 3
"""[1 2 1] both ways, by 12, are the weights of the neighbours, and this of the pixel itself."""


def noisily_imputed(picture: NDArray[np.uint8], missing: Mask, rng: np.random.Generator) -> NDArray[np.uint8]:
    """``picture`` uint8 [H, W, 3] with the pixels ``missing`` bool [H, W] imputed, and noise of ``NOISE`` on those.

    Raises ``ValueError`` where every pixel is missing.
    """
    noise = rng.normal(0.0, 255 * NOISE, picture.shape).astype(np.float32)
    filled = imputed(picture.astype(np.float32), missing) + noise * missing[..., None]
    rounded: NDArray[np.uint8] = np.clip(np.rint(filled), 0, 255).astype(np.uint8)
    return rounded


def imputed(values: NDArray[np.float32], missing: Mask) -> NDArray[np.float32]:
    """``values`` float32 [H, W, C] in levels of 255, with those ``missing`` in place; the rest as it was.

    Exact within a few times ``TOLERANCE``. Raises ``ValueError`` where every pixel is missing.
    """
    if missing.all():
        raise ValueError("expected a pixel at least that is not missing")
    if not missing.any():
        return values.copy()
    grids = _grids(missing, values.shape[2])
    unknown = grids[0].unknown
    residual = _spread(values * (1 - unknown)) * unknown
    found = np.zeros_like(values)
    step, last = np.zeros_like(values), 1.0
    for _ in range(_MOST_ROUNDS):
        error = _cycle(grids, residual)
        inner = float(np.vdot(residual, error))
        step = error + np.float32(inner / last) * step
        changed = grids[0].applied(step)
        length = np.float32(inner / max(float(np.vdot(step, changed)), 1e-30))
        found += length * step
        residual -= length * changed
        last = max(inner, 1e-30)
        if float(np.abs(error).max()) < TOLERANCE:
            break
    return np.where(missing[..., None], found, values)


@dataclass(frozen=True, slots=True, eq=False)
class _Grid:
    """The system at one size: ``unknown`` (1 or 0) and the ``weight`` of each pixel itself, float32 [h, w, C]."""

    unknown: NDArray[np.float32]
    weight: NDArray[np.float32]

    @classmethod
    def of(cls, missing: Mask, channels: int) -> _Grid:
        unknown = np.repeat(missing[..., None].astype(np.float32), channels, axis=2)
        return cls(unknown, _spread(np.ones_like(unknown)))

    def applied(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """The left side of the system for ``x``, which is 0 wherever the value is known."""
        return self.weight * x - _spread(x) * self.unknown

    def swept(self, x: NDArray[np.float32], right: NDArray[np.float32], sweeps: int) -> NDArray[np.float32]:
        """After some Jacobi steps: each divides what finer detail is wrong by three at least."""
        for _ in range(sweeps):
            x = np.divide(right + _spread(x) * self.unknown, self.weight, dtype=np.float32)
        return x


def _grids(missing: Mask, channels: int) -> list[_Grid]:
    """From the picture's size down by halves; a coarse pixel is missing where all four finer ones are."""
    found = [_Grid.of(missing, channels)]
    while missing.any() and min(missing.shape) > 2 and not any(side % 2 for side in missing.shape):
        missing = missing[::2, ::2] & missing[1::2, ::2] & missing[::2, 1::2] & missing[1::2, 1::2]
        found.append(_Grid.of(missing, channels))
    return found


def _cycle(grids: list[_Grid], right: NDArray[np.float32]) -> NDArray[np.float32]:
    """Nearly the solution for ``right``: sweeps before and after a correction from the next coarser grid."""
    grid = grids[0]
    if len(grids) == 1:
        return grid.swept(right / grid.weight, right, _COARSEST_SWEEPS)
    x = grid.swept(right / grid.weight, right, _SWEEPS - 1)
    left = right - grid.applied(x)
    height, width = left.shape[:2]
    coarse = 4 * cv2.resize(left, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    correction = _cycle(grids[1:], coarse.reshape(grids[1].unknown.shape) * grids[1].unknown)
    finer = cv2.resize(correction, (width, height), interpolation=cv2.INTER_NEAREST).reshape(left.shape)
    return grid.swept(x + finer * grid.unknown, right, _SWEEPS)


def _spread(x: NDArray[np.float32]) -> FloatMap:
    """The weighted sum of each pixel's neighbours; those outside of the picture count nothing."""
    whole = cv2.sepFilter2D(x, -1, _THREE / 12, _THREE, borderType=cv2.BORDER_CONSTANT).reshape(x.shape)
    neighbours: FloatMap = whole - np.float32(_SELF) * x
    return neighbours
