"""Every colour of the overlay but the heatmap's. Blue, green, red, 0 to 255 each."""

from __future__ import annotations

from typing import TypeAlias

from polyplive.types import SessionState

Colour: TypeAlias = tuple[int, int, int]
"""Blue, green, red, 0 to 255."""


def opaque(colour: Colour) -> tuple[int, int, int, int]:
    """``colour`` for drawing on a picture or on a canvas with alpha: OpenCV takes as many numbers as it needs."""
    return (*colour, 255)


CONTOUR_COLOUR: Colour = (255, 229, 64)
"""Cyan: opposite to the mucosa's reds, and seen as such by viewers who confuse red with green."""

EDGE_COLOUR: Colour = (40, 30, 20)
"""The dark rim of a contour, which keeps it visible on bright mucosa."""

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
