"""What a view writes over the picture in letters that are read from two metres; the picture itself stays as it is."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen, QTextLayout, QTextOption

from polyplive.overlay.colours import PAD_COLOUR, QUIET_COLOUR, STATE_COLOURS, TEXT_COLOUR
from polyplive.overlay.symbols import draw_symbol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polyplive.overlay.colours import Colour
    from polyplive.types import SessionState

LEAST = 0.022
"""Capital letters are at least this share of the window's height."""
_LINE, _TITLE, _LARGE = 1.0, 1.15, 2.2
"""Sizes of lines, of a title at the picture's top, and of one in its middle, as shares of the smallest size."""
_CAPITAL = 0.7
"""A capital letter's share of a font's size, in nearly every font; the size is corrected by the font's own."""
_MOST_LINES = 3
_PAD_ALPHA = 224


@dataclass(frozen=True, slots=True)
class Banner:
    """A ``title`` with ``lines`` below it, after the sign and in the colour of ``state``.

    With ``is_lost`` what is below is no picture of now: it is dimmed, and the banner stands in its middle. Otherwise
    the banner stands at the top.
    """

    title: str
    state: SessionState
    lines: tuple[str, ...] = ()
    is_lost: bool = False


@functools.lru_cache(maxsize=8)
def banner_pixels(banner: Banner, widest: int, window_height: int, ratio: float, family: str) -> NDArray[np.uint8]:
    """uint8 [h, w, 4] BGRA with colours multiplied by alpha: ``banner``, at most ``widest`` device pixels wide.

    ``window_height`` counts logical pixels, ``ratio`` device pixels in one of them.
    """
    size = font_of(family, _LINE, window_height, ratio).pixelSize()
    inset, gap = round(0.8 * size), round(0.35 * size)
    room = max(1, widest - 2 * inset)
    rows = _rows(banner, room, window_height, ratio, family)
    heights = [math.ceil(QFontMetricsF(row.font).height()) for row in rows]
    wide = min(room, max(math.ceil(row.width) for row in rows)) + 2 * inset
    tall = sum(heights) + gap * (len(rows) - 1) + 2 * round(0.6 * inset)
    image = QImage(wide, tall, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    line = max(2.0, 0.1 * size)
    painter.setPen(QPen(_colour(STATE_COLOURS[banner.state]), line))
    painter.setBrush(_colour(PAD_COLOUR, _PAD_ALPHA))
    pad = QRectF(0, 0, wide, tall).adjusted(line / 2, line / 2, -line / 2, -line / 2)
    painter.drawRoundedRect(pad, 0.35 * size, 0.35 * size)
    top = float(round(0.6 * inset))
    for row, height in zip(rows, heights, strict=True):
        row.paint(painter, (wide - row.width) / 2, top)
        top += height + gap
    painter.end()
    return _array(image)


@functools.lru_cache(maxsize=64)
def font_of(family: str, share: float, window_height: int, ratio: float, bold: bool = False) -> QFont:
    """The font whose capitals are ``share`` times ``LEAST`` of the window's height, or a little higher."""
    font = QFont(family)
    font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    wanted = share * LEAST * window_height * ratio
    size = max(1, math.ceil(wanted / _CAPITAL))
    font.setPixelSize(size)
    while QFontMetricsF(font).capHeight() < wanted:
        size += 1
        font.setPixelSize(size)
    return font


def wrapped(text: str, font: QFont, width: float, most: int) -> list[str]:
    """``text`` in at most ``most`` lines of ``width``; what does not fit is left out in the middle of the last one."""
    layout = QTextLayout(text, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    lines: list[str] = []
    layout.beginLayout()
    while (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        if len(lines) == most - 1:
            rest = text[line.textStart() :]
            lines.append(QFontMetricsF(font).elidedText(rest, Qt.TextElideMode.ElideMiddle, width))
            break
        lines.append(text[line.textStart() : line.textStart() + line.textLength()].strip())
    layout.endLayout()
    return lines


@functools.lru_cache(maxsize=2)
def dimming(width: int, height: int) -> NDArray[np.uint8]:
    """uint8 [height, width, 4] BGRA: leaves a quarter of the brightness of what is below."""
    veil = np.zeros((height, width, 4), np.uint8)
    veil[..., 3] = 191
    return veil


@dataclass(frozen=True, slots=True)
class _Row:
    text: str
    font: QFont
    colour: Colour
    sign: SessionState | None = None

    @property
    def width(self) -> float:
        return QFontMetricsF(self.font).horizontalAdvance(self.text) + self._sign_width

    @property
    def _sign_width(self) -> float:
        return 1.3 * self.font.pixelSize() if self.sign is not None else 0.0

    def paint(self, painter: QPainter, left: float, top: float) -> None:
        metrics = QFontMetricsF(self.font)
        if self.sign is not None:
            side = self.font.pixelSize()
            painter.drawImage(QPointF(left, top + (metrics.height() - side) / 2), _sign(self.sign, side))
        painter.setFont(self.font)
        painter.setPen(_colour(self.colour))
        painter.drawText(QPointF(left + self._sign_width, top + metrics.ascent()), self.text)


def _rows(banner: Banner, room: int, window_height: int, ratio: float, family: str) -> list[_Row]:
    small = font_of(family, _LINE, window_height, ratio)
    sizes = (_LARGE if banner.is_lost else _TITLE, _LINE)
    fonts = [font_of(family, size, window_height, ratio, bold=True) for size in sizes]
    wide = [_Row(banner.title, font, TEXT_COLOUR, banner.state).width for font in fonts]
    large = next((font for font, width in zip(fonts, wide, strict=True) if width <= room), fonts[-1])
    title = QFontMetricsF(large).elidedText(banner.title, Qt.TextElideMode.ElideMiddle, room - 1.3 * large.pixelSize())
    rows = [_Row(title, large, TEXT_COLOUR, banner.state)]
    for number, line in enumerate(banner.lines):
        colour = QUIET_COLOUR if number else TEXT_COLOUR
        most = _MOST_LINES if banner.is_lost else 1
        rows += [_Row(text, small, colour) for text in wrapped(line, small, room, most)]
    return rows


def _sign(state: SessionState, side: int) -> QImage:
    canvas = np.zeros((side, side, 4), np.uint8)
    draw_symbol(canvas, state, (side - 1) / 2, (side - 1) / 2, side / 2 - 1.5)
    memory: Any = canvas.tobytes()
    return QImage(memory, side, side, 4 * side, QImage.Format.Format_ARGB32_Premultiplied).copy()


def _colour(colour: Colour, alpha: int = 255) -> QColor:
    blue, green, red = colour
    return QColor(red, green, blue, alpha)


def _array(image: QImage) -> NDArray[np.uint8]:
    memory: Any = image.constBits()
    memory.setsize(image.sizeInBytes())
    pixels: NDArray[np.uint8] = np.frombuffer(memory, np.uint8).reshape(image.height(), image.width(), 4).copy()
    return pixels
