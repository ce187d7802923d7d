"""Every colour of the overlay. Blue, green, red, 0 to 255 each."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np

from polyplive.types import SessionState

if TYPE_CHECKING:
    from numpy.typing import NDArray

Colour: TypeAlias = tuple[int, int, int]
"""Blue, green, red, 0 to 255."""


def opaque(colour: Colour) -> tuple[int, int, int, int]:
    """``colour`` for drawing on a picture or on a canvas with alpha: OpenCV takes as many numbers as it needs."""
    return (*colour, 255)


def heat_colours() -> NDArray[np.uint8]:
    """The heatmap's colours: uint8 [256, 1, 3] BGR from weak to strong.

    Viridis (van der Walt and Smith, 2015): perceptually uniform, safe for colour-blind viewers, and without the reds
    of the mucosa.
    """
    levels = np.arange(256, dtype=np.uint8)[:, None]
    colours: NDArray[np.uint8] = cv2.applyColorMap(levels, cv2.COLORMAP_VIRIDIS)
    return colours


def brightness_of(colour: Colour) -> float:
    """How bright ``colour`` is, 0 to 255: the luma of ITU-R BT.709."""
    blue, green, red = colour
    return 0.0722 * blue + 0.7152 * green + 0.2126 * red


CONTOUR_COLOUR: Colour = (255, 229, 64)
"""Cyan: opposite to the mucosa's reds, and seen as such by viewers who confuse red with green."""

EDGE_COLOUR: Colour = (40, 30, 20)
"""The dark rim of a contour, which keeps it visible on bright mucosa."""

PALE_EDGE_COLOUR: Colour = (190, 190, 190)
"""The rim of what is darker than the mucosa itself."""

PAD_COLOUR: Colour = (26, 20, 16)
TEXT_COLOUR: Colour = (244, 244, 244)
QUIET_COLOUR: Colour = (206, 200, 196)

_GREEN: Colour = (156, 240, 124)
_GREY: Colour = (154, 153, 152)
_AMBER: Colour = (28, 178, 232)
_BLUE: Colour = (250, 133, 92)
_RED: Colour = (60, 78, 220)
"""Chosen together: of any two, and of each and the pad, the difference stays large with every kind of colour vision."""

STATE_COLOURS: dict[SessionState, Colour] = {
    SessionState.READY: _GREEN,
    SessionState.OVERLAY_OFF: _GREY,
    SessionState.STALE: _AMBER,
    SessionState.PAUSED: _BLUE,
    SessionState.NO_SIGNAL: _RED,
    SessionState.RECONNECTING: _AMBER,
    SessionState.ENDED: _GREY,
    SessionState.FAULT: _RED,
}
