"""The frame that lights up around a picture when something new is found: told by its brightness, not its hue alone."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from polyplive.overlay.baked import Patch
from polyplive.overlay.colours import opaque

if TYPE_CHECKING:
    from polyplive.overlay.colours import Colour
    from polyplive.overlay.element import Rect

GLOW_COLOUR: Colour = (255, 252, 206)
"""A bright cyan: far lighter than mucosa and than black, whatever colours a viewer can tell apart."""
RIM_COLOUR: Colour = (24, 18, 12)
"""Inside of it, so that it is seen on a bright reflex too."""
_SHARE, _RIM = 0.018, 0.3
"""Of the picture's height; and of the frame's width."""


@functools.lru_cache(maxsize=2)
def glow_patches(cell: Rect) -> tuple[Patch, ...]:
    """Four sides just inside of ``cell``; the middle stays free."""
    width = max(6, round(_SHARE * cell.height))
    rim = max(2, round(_RIM * width))
    whole = np.zeros((cell.height, cell.width, 4), np.uint8)
    whole[:] = opaque(GLOW_COLOUR)
    bright, dark = slice(width - rim, -(width - rim)), slice(width, -width)
    whole[bright, bright] = opaque(RIM_COLOUR)
    whole[dark, dark] = 0
    right, bottom = cell.width - width, cell.height - width
    return (
        Patch(cell.x, cell.y, whole[:width].copy()),
        Patch(cell.x, cell.y + bottom, whole[bottom:].copy()),
        Patch(cell.x, cell.y + width, whole[width:bottom, :width].copy()),
        Patch(cell.x + right, cell.y + width, whole[width:bottom, right:].copy()),
    )
