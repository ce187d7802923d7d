"""Numerical helpers of the renderer: interpolated reads of tables, vectors, and smooth noise."""

from __future__ import annotations

from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]
"""float32 array; its shape is given where it is used. Points are [3, N]: a row each of x, y and z."""

_ROW = 512  # cv2.remap takes at most 32,767 rows or columns, so a long list is folded into rows of this many


def sample(table: NDArray[Any], column: Floats, row: Floats | float, border: int = cv2.BORDER_REPLICATE) -> Floats:
    """Bilinear reads of ``table`` ([H, W] or [H, W, C]) at ``column`` and ``row`` [N]; gives [N] or [N, C].

    ``border`` is OpenCV's: ``BORDER_WRAP`` repeats the table, ``BORDER_REPLICATE`` holds its edge.
    """
    count = column.size
    if count == 0:
        return np.empty((0, *table.shape[2:]), np.float32)
    rows = -(-count // _ROW)
    places = np.zeros((2, rows * _ROW), np.float32)
    places[0, :count] = column
    places[1, :count] = row
    folded = places.reshape(2, rows, _ROW)
    values = cv2.remap(table, folded[0], folded[1], cv2.INTER_LINEAR, borderMode=border)
    return np.asarray(values, np.float32).reshape(rows * _ROW, *table.shape[2:])[:count]


def lengths(vectors: Floats) -> Floats:
    """Lengths [N] of vectors [3, N]."""
    return np.asarray(np.sqrt(dot(vectors, vectors)), np.float32)


def dot(first: Floats, second: Floats) -> Floats:
    """Sums over the first axis (3) of products; [N] of [3, N] and [3, N], or of a lone vector [3] and [3, N].

    Written out, as a matrix library's rounding may depend on its number of threads, and equal seeds must give equal
    bytes.
    """
    return np.asarray(first[0] * second[0] + first[1] * second[1] + first[2] * second[2], np.float32)


def turned(rows: Floats, vectors: Floats) -> Floats:
    """The matrix ``rows`` [3, 3] times vectors [3, N]."""
    return np.stack([dot(row, vectors) for row in rows])


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int], cells: tuple[int, int]) -> Floats:
    """Periodic noise [H, W] of mean 0 and deviation 1 with about ``cells`` bumps down and across."""
    coarse = np.pad(rng.standard_normal(cells).astype(np.float32), 3, mode="wrap")
    scale = (shape[1] / cells[1], shape[0] / cells[0])
    large = cv2.resize(coarse, None, fx=scale[0], fy=scale[1], interpolation=cv2.INTER_CUBIC)
    left, top = round(3 * scale[0]), round(3 * scale[1])
    noise = large[top : top + shape[0], left : left + shape[1]]
    return np.asarray((noise - noise.mean()) / max(float(noise.std()), 1e-6), np.float32)
