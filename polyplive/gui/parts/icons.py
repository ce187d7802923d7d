"""Icons, drawn from paths on a grid of 24 by 24: sharp at every scale, without image files."""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QColor, QIcon, QImage, QPainter, QPen, QPixmap, QPolygonF

from polyplive.gui.parts.theme import BACKGROUND, TEXT
from polyplive.overlay.symbols import draw_symbol
from polyplive.system.assets import asset
from polyplive.types import SessionState

_GRID = 24.0
_SCALES = (1, 2, 3)

Points = tuple[tuple[float, float], ...]

_FILLED: dict[str, tuple[Points, ...]] = {
    "play": (((7, 4.5), (20, 12), (7, 19.5)),),
    "pause": (((6, 5), (10, 5), (10, 19), (6, 19)), ((14, 5), (18, 5), (18, 19), (14, 19))),
    "forward": (((5, 5), (7.5, 5), (7.5, 19), (5, 19)), ((10.5, 6), (19, 12), (10.5, 18))),
    "back": (((19, 5), (16.5, 5), (16.5, 19), (19, 19)), ((13.5, 6), (5, 12), (13.5, 18))),
}
_LINES: dict[str, tuple[Points, ...]] = {
    "fullscreen": (
        ((4, 9), (4, 4), (9, 4)),
        ((15, 4), (20, 4), (20, 9)),
        ((20, 15), (20, 20), (15, 20)),
        ((9, 20), (4, 20), (4, 15)),
    ),
    "film": (
        ((4, 5), (20, 5), (20, 19), (4, 19), (4, 5)),
        ((8, 5), (8, 19)),
        ((16, 5), (16, 19)),
        ((4, 9.7), (8, 9.7)),
        ((4, 14.3), (8, 14.3)),
        ((16, 9.7), (20, 9.7)),
        ((16, 14.3), (20, 14.3)),
    ),
    "plug": (
        ((9, 3.5), (9, 8)),
        ((15, 3.5), (15, 8)),
        ((6, 8), (18, 8), (18, 12), (15, 15.5), (9, 15.5), (6, 12), (6, 8)),
        ((12, 15.5), (12, 20.5)),
    ),
    "mark": (((6, 21), (6, 4), (19, 4), (15.5, 8.5), (19, 13), (6, 13)),),
    "panel": (((4, 5), (20, 5), (20, 19), (4, 19), (4, 5)), ((14.5, 5), (14.5, 19))),
    "camera": (((4, 8), (8, 8), (9.5, 5.5), (14.5, 5.5), (16, 8), (20, 8), (20, 19), (4, 19), (4, 8)),),
    "sound": (
        ((4, 9.5), (8, 9.5), (12.5, 5), (12.5, 19), (8, 14.5), (4, 14.5), (4, 9.5)),
        ((15.5, 9), (17, 12), (15.5, 15)),
        ((18, 6.5), (20.5, 12), (18, 17.5)),
    ),
    "help": (((9, 9.2), (9.6, 7.4), (12, 6.4), (14.4, 7.4), (15, 9.4), (14, 11.2), (12, 12.6), (12, 14.2)),),
}
_DISCS = {"record": (12.0, 12.0, 6.5), "help": (12.0, 17.2, 1.2)}
_RINGS = {"camera": (12.0, 13.0, 3.2), "help": (12.0, 12.0, 9.2)}


def icon(name: str, colour: str = TEXT, side: int = 20) -> QIcon:
    """The icon ``name`` in ``colour``, ``side`` logical pixels wide and high."""
    made = QIcon()
    for scale in _SCALES:
        made.addPixmap(_pixmap(name, colour, side, scale))
    return made


def app_icon() -> QIcon:
    """The program's icon."""
    return QIcon(str(asset("icons/polyplive.svg")))


def state_pixmap(state: SessionState, side: int, scale: float) -> QPixmap:
    """The symbol of ``state``, as on the picture; ``side`` logical pixels wide and high."""
    pixels = max(8, round(side * scale))
    red, green, blue = (int(BACKGROUND[i : i + 2], 16) for i in (1, 3, 5))
    image = np.full((pixels, pixels, 3), (blue, green, red), np.uint8)
    draw_symbol(image, state, (pixels - 1) / 2, (pixels - 1) / 2, pixels / 2 - 1.5)
    made = QPixmap.fromImage(QImage(image.tobytes(), pixels, pixels, 3 * pixels, QImage.Format.Format_BGR888))
    made.setDevicePixelRatio(pixels / side)
    return made


def _pixmap(name: str, colour: str, side: int, scale: int) -> QPixmap:
    pixmap = QPixmap(side * scale, side * scale)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(side * scale / _GRID, side * scale / _GRID)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    for points in _FILLED.get(name, ()):
        painter.drawPolygon(_polygon(points))
    if name in _DISCS:
        x, y, radius = _DISCS[name]
        painter.drawEllipse(QPointF(x, y), radius, radius)
    pen = QPen(QColor(colour), 1.9)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for points in _LINES.get(name, ()):
        painter.drawPolyline(_polygon(points))
    if name in _RINGS:
        x, y, radius = _RINGS[name]
        painter.drawEllipse(QPointF(x, y), radius, radius)
    painter.end()
    pixmap.setDevicePixelRatio(scale)
    return pixmap


def _polygon(points: Points) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in points])
