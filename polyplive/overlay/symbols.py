"""One small sign for each session state: a shape of its own besides its colour, for viewers who see colours alike."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from polyplive.overlay.colours import STATE_COLOURS, opaque
from polyplive.types import SessionState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polyplive.overlay.colours import Colour
    from polyplive.types import Contour, Image

_BITS = 6
"""Corners are given to OpenCV in 64ths of a pixel."""


def draw_symbol(image: Image, state: SessionState, x: float, y: float, radius: float) -> None:
    """Draw the sign of ``state`` around the point x, y (pixels of ``image``), at most ``radius`` + 1 away from it."""
    _SHAPES[state](image, STATE_COLOURS[state], x, y, radius)


def _fixed(points: Sequence[tuple[float, float]]) -> Contour:
    corners: Contour = np.rint(np.array(points) * (1 << _BITS)).astype(np.int32)
    return corners


def _polygon(image: Image, colour: Colour, points: Sequence[tuple[float, float]]) -> None:
    cv2.fillPoly(image, [_fixed(points)], opaque(colour), cv2.LINE_AA, _BITS)


def _line(image: Image, colour: Colour, points: Sequence[tuple[float, float]], thickness: int, closed: bool) -> None:
    cv2.polylines(image, [_fixed(points)], closed, opaque(colour), thickness, cv2.LINE_AA, _BITS)


def _ring_points(x: float, y: float, radius: float, count: int = 40, turn: float = 0.0) -> list[tuple[float, float]]:
    angles = [2 * math.pi * k / count + turn for k in range(count)]
    return [(x + radius * math.cos(angle), y + radius * math.sin(angle)) for angle in angles]


def _disc(image: Image, colour: Colour, x: float, y: float, radius: float) -> None:
    _polygon(image, colour, _ring_points(x, y, radius * 0.86))


def _ring(image: Image, colour: Colour, x: float, y: float, radius: float) -> None:
    _line(image, colour, _ring_points(x, y, radius * 0.78), _stroke(radius), True)


def _triangle(image: Image, colour: Colour, x: float, y: float, radius: float) -> None:
    _polygon(image, colour, _ring_points(x, y + 0.16 * radius, radius, 3, -math.pi / 2))


def _bars(image: Image, colour: Colour, x: float, y: float, radius: float) -> None:
    for side in (-1, 1):
        left, right = sorted((x + side * 0.22 * radius, x + side * 0.72 * radius))
        top, bottom = y - 0.8 * radius, y + 0.8 * radius
        _polygon(image, colour, [(left, top), (right, top), (right, bottom), (left, bottom)])


def _cross(image: Image, colour: Colour, x: float, y: float, radius: float) -> None:
    reach = 0.68 * radius
    _line(image, colour, [(x - reach, y - reach), (x + reach, y + reach)], _stroke(radius) + 1, False)
    _line(image, colour, [(x - reach, y + reach), (x + reach, y - reach)], _stroke(radius) + 1, False)


def _dots(image: Image, colour: Colour, x: float, y: float, radius: float) -> None:
    for place in (-1, 0, 1):
        _polygon(image, colour, _ring_points(x + 0.68 * place * radius, y, 0.27 * radius, 16))


def _square(image: Image, colour: Colour, x: float, y: float, radius: float) -> None:
    _polygon(image, colour, _ring_points(x, y, radius, 4, math.pi / 4))


def _warning(image: Image, colour: Colour, x: float, y: float, radius: float) -> None:
    _polygon(image, colour, _ring_points(x, y, radius, 8, math.pi / 8))
    half = max(0.13 * radius, 0.6)
    dark = (20, 16, 16)
    for top, bottom in ((-0.6, 0.16), (0.38, 0.64)):
        corners = [(x - half, y + top * radius), (x + half, y + top * radius)]
        corners += [(x + half, y + bottom * radius), (x - half, y + bottom * radius)]
        _polygon(image, dark, corners)


def _stroke(radius: float) -> int:
    return max(1, round(0.3 * radius))


_SHAPES: dict[SessionState, Callable[[Image, Colour, float, float, float], None]] = {
    SessionState.READY: _disc,
    SessionState.OVERLAY_OFF: _ring,
    SessionState.STALE: _triangle,
    SessionState.PAUSED: _bars,
    SessionState.NO_SIGNAL: _cross,
    SessionState.RECONNECTING: _dots,
    SessionState.ENDED: _square,
    SessionState.FAULT: _warning,
}
