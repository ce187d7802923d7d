"""A picture that must not look live: darkened, with large words on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2

from polyplive.overlay.colours import QUIET_COLOUR, TEXT_COLOUR
from polyplive.overlay.element import Rect
from polyplive.overlay.text import REGULAR, STRONG, ascent, draw_pad, draw_text, fitting, line_height, text_width

if TYPE_CHECKING:
    from polyplive.overlay.colours import Colour
    from polyplive.types import Image

DIMMED = 0.3
"""What is left of each pixel."""
_TITLE, _LINE = 0.11, 0.045
"""Sizes of the words, as shares of the picture's height (of three quarters of its width, where that is less)."""
_WIDEST = 0.8
"""Of the picture's width."""


def dim(image: Image, title: str, text: str = "") -> None:
    """Darken ``image`` (uint8 [H, W, 3] BGR) in place, and write ``title`` in its middle, with ``text`` below it."""
    cv2.convertScaleAbs(image, dst=image, alpha=DIMMED)
    height, width = image.shape[:2]
    short = min(height, 0.75 * width)
    large, small = max(10, round(_TITLE * short)), max(8, round(_LINE * short))
    room = round(_WIDEST * width)
    rows = [_Row(fitting(title, large, room, STRONG), large, TEXT_COLOUR, STRONG)]
    rows += [_Row(line, small, QUIET_COLOUR, REGULAR) for line in wrapped(text, small, room)]
    _write(image, rows, large // 3)


def wrapped(text: str, size: int, width: int) -> list[str]:
    """``text`` in lines of at most ``width`` columns; a word that is wider is cut."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(fitting(word, size, width))
    return lines


@dataclass(frozen=True, slots=True)
class _Row:
    text: str
    size: int
    colour: Colour
    weight: int

    @property
    def width(self) -> int:
        return text_width(self.text, self.size, self.weight)


def _write(image: Image, rows: list[_Row], gap: int) -> None:
    """Rows of text below one another, each in the middle, all on one pad."""
    height, width = image.shape[:2]
    widest = max(row.width for row in rows)
    tall = sum(line_height(row.size) for row in rows) + sum(_above(row, gap) for row in rows[1:])
    left, top = (width - widest) // 2, (height - tall) // 2
    pad = Rect(left - gap, top - gap, widest + 2 * gap, tall + 2 * gap).clipped(width, height)
    if pad is None:
        return
    draw_pad(image, pad)
    y = top - pad.y
    for number, row in enumerate(rows):
        y += _above(row, gap) if number else 0
        x = (width - row.width) // 2 - pad.x
        draw_text(image, pad, row.text, x, y + ascent(row.size), row.size, row.colour, row.weight)
        y += line_height(row.size)


def _above(row: _Row, gap: int) -> int:
    return min(gap, row.size // 2)
