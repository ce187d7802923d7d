"""Pictures with one red disc, which the colour engine marks, in recordings that change their size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from colour_engine import red_disc
from joined_clip import join

if TYPE_CHECKING:
    from pathlib import Path

SIZES = [(128, 96), (192, 108), (128, 96)]
"""4:3, then 16:9, and back."""
EACH = 12
TOTAL = EACH * len(SIZES)
CENTRE, RADIUS = (72, 48), 22
"""Of the disc in every picture, in its own pixels."""


def size_of(number: int) -> tuple[int, int]:
    """Width and height of frame ``number``."""
    return SIZES[number // EACH]


def changing(path: Path) -> Path:
    """A recording with the disc at the same pixels in pictures of three sizes; a ``.ts`` is joined as ``cat`` does."""
    return join(path, [[red_disc(*size, CENTRE, RADIUS)] * EACH for size in SIZES])


def check_box(box: tuple[int, int, int, int]) -> None:
    """``box`` is where the disc is."""
    x, y, width, height = box
    assert [x + width / 2, y + height / 2] == pytest.approx([CENTRE[0] + 0.5, CENTRE[1] + 0.5], abs=2)
    assert [width, height] == pytest.approx([2 * RADIUS + 1] * 2, abs=5)


def outline(image: np.ndarray) -> tuple[int, int, int, int]:
    """The box around the contour that is drawn on ``image``: x, y, width, height of what is cyan."""
    blue, red = image[..., 0].astype(int), image[..., 2].astype(int)
    rows, columns = np.nonzero(blue - red > 60)
    left, top = int(columns.min()), int(rows.min())
    return left, top, int(columns.max()) - left + 1, int(rows.max()) - top + 1
