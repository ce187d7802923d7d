"""The corners of the picture: state, figures, the frame's caption, and the heatmap's legend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from polyplive.overlay.colours import QUIET_COLOUR, TEXT_COLOUR, heat_colours
from polyplive.overlay.element import Pad, Rect
from polyplive.overlay.symbols import draw_symbol
from polyplive.overlay.text import (
    REGULAR,
    STRONG,
    ascent,
    draw_pad,
    draw_text,
    fitting,
    line_height,
    steady_width,
    text_width,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polyplive.overlay.colours import Colour
    from polyplive.overlay.element import Scale
    from polyplive.types import Caption, Figures, Hud, Image, OverlaySettings, SessionState


@dataclass(frozen=True, slots=True)
class Run:
    """One piece of a line of text."""

    text: str
    colour: Colour = TEXT_COLOUR
    weight: int = REGULAR


@dataclass(frozen=True, slots=True)
class Line(Pad):
    """Pieces of text on a pad, after a state's sign where there is one."""

    size: int
    runs: tuple[Run, ...]
    sign: SessionState | None = None

    def draw(self, image: Image) -> None:
        """Draw the pad, the sign, the text."""
        draw_pad(image, self.rect)
        x, baseline = _inset(self.size), _baseline(self.rect, self.size)
        if self.sign is not None:
            radius = 0.46 * self.size
            centre = baseline - 0.36 * self.size
            draw_symbol(image[self.rect.slices], self.sign, x + radius, centre, radius)
            x += round(2 * radius) + _gap(self.size)
        for run in self.runs:
            draw_text(image, self.rect, run.text, x, baseline, self.size, run.colour, run.weight)
            x += text_width(run.text, self.size, run.weight) + _gap(self.size)


@dataclass(frozen=True, slots=True)
class Legend(Pad):
    """What the heatmap's colours mean."""

    size: int

    NAME, LOW, HIGH = "Grad-CAM", "low", "high"

    def draw(self, image: Image) -> None:
        """Draw the pad, the words, the bar."""
        draw_pad(image, self.rect)
        size, baseline = self.size, _baseline(self.rect, self.size)
        x = _inset(size)
        draw_text(image, self.rect, self.NAME, x, baseline, size, TEXT_COLOUR, STRONG)
        x += text_width(self.NAME, size, STRONG) + 2 * _gap(size)
        draw_text(image, self.rect, self.LOW, x, baseline, size, QUIET_COLOUR, REGULAR)
        x += text_width(self.LOW, size) + _gap(size)
        thick = max(4, round(0.6 * size))
        top = self.rect.y + (self.rect.height - thick) // 2
        bar = image[top : top + thick, self.rect.x + x : self.rect.x + x + _bar(size)]
        steps = np.linspace(0, 255, bar.shape[1]).astype(np.uint8)
        bar[..., :3] = cv2.LUT(np.repeat(steps[None, :, None], 3, axis=2), heat_colours())
        bar[..., 3:] = 255
        x += _bar(size) + _gap(size)
        draw_text(image, self.rect, self.HIGH, x, baseline, size, QUIET_COLOUR, REGULAR)


def place_hud(hud: Hud | None, settings: OverlaySettings, scale: Scale, width: int, height: int) -> list[Line | Legend]:
    """The corners' elements on a frame of that size, none over another; what has no room is left out.

    The legend needs no ``hud``: it belongs to the heatmap.
    """
    corners = _Corners(scale, width, height)
    elements: list[Line | Legend] = []
    if hud is not None:
        if settings.caption and hud.caption is not None:
            elements += corners.caption(caption_texts(hud.caption))
        if settings.status:
            elements += corners.status(hud)
        if settings.figures:
            runs = tuple(Run(text, QUIET_COLOUR) for text in figure_texts(hud.figures))
            elements += corners.line(runs, None, "left bottom")
    if settings.visible and settings.heatmap and settings.legend:
        elements += corners.legend()
    return elements


def caption_texts(caption: Caption) -> list[str]:
    """The caption's pieces; what is not known is left out. Frames are counted from 1, as everywhere in the window."""
    texts = [f"frame {caption.index + 1}"]
    if caption.time_s is not None:
        minutes, seconds = divmod(round(1000 * max(caption.time_s, 0.0)), 60_000)
        texts.append(f"{minutes}:{seconds / 1000:06.3f}")
    return [*texts, caption.model] if caption.model else texts


def figure_texts(figures: Figures) -> list[str]:
    """The figure line's pieces; a figure that is not known yet is left out."""
    texts = []
    if figures.fps is not None:
        texts.append(f"{figures.fps:.1f} fps")
    if figures.video_delay_ms is not None:
        texts.append(f"video {figures.video_delay_ms:.1f} ms{_high(figures.video_p99_ms)}")
    if figures.annotation_delay_ms is not None:
        texts.append(f"annotation {figures.annotation_delay_ms:.0f} ms{_high(figures.annotation_p99_ms)}")
    texts.append(f"{figures.dropped} not shown")
    if figures.unprocessed is not None:
        texts.append(f"{figures.unprocessed} not processed")
    return texts


def _high(p99_ms: float | None) -> str:
    return "" if p99_ms is None else f" (p99 {p99_ms:.0f})"


def line_width(runs: Sequence[Run], size: int, sign: SessionState | None = None) -> int:
    """How many columns a ``Line`` takes; digits do not change it."""
    width = sum(steady_width(run.text, size, run.weight) for run in runs) + (len(runs) - 1) * _gap(size)
    if sign is not None:
        width += round(0.92 * size) + _gap(size)
    return width + 2 * _inset(size)


class _Corners:
    """Places pads in the corners of one frame; each takes the first free place of those it may have."""

    def __init__(self, scale: Scale, width: int, height: int) -> None:
        self._scale = scale
        self._width, self._height = width, height
        self._row = round(1.8 * scale.text)
        self._taken: list[Rect] = []

    def line(self, runs: tuple[Run, ...], sign: SessionState | None, *anchors: str) -> list[Line]:
        rect = self._place(line_width(runs, self._scale.text, sign), anchors)
        return [Line(rect, self._scale.text, runs, sign)] if rect is not None else []

    def caption(self, texts: list[str]) -> list[Line]:
        """All of ``texts``, or as many from the first as there is room for."""
        for count in range(len(texts), 0, -1):
            runs = tuple(Run(text, QUIET_COLOUR) for text in texts[:count])
            if placed := self.line(runs, None, "right top", "left top", "left bottom"):
                return placed
        return []

    def status(self, hud: Hud) -> list[Line]:
        word = Run(hud.state.value.capitalize(), TEXT_COLOUR, STRONG)
        alone = (word,)
        reason = hud.reason.strip()
        if reason:
            beside = sum(rect.width + self._scale.margin for rect in self._taken)
            room = self._width - 2 * self._scale.margin - beside - line_width(alone, self._scale.text, hud.state)
            shown = fitting(" ".join(reason.split()), self._scale.text, room - _gap(self._scale.text))
            if shown:
                return self.line((word, Run(shown)), hud.state, "left top", "left top below")
        return self.line(alone, hud.state, "left top", "left top below", "left bottom")

    def legend(self) -> list[Legend]:
        size = self._scale.text
        width = text_width(Legend.NAME, size, STRONG) + text_width(Legend.LOW, size) + text_width(Legend.HIGH, size)
        rect = self._place(
            width + _bar(size) + 4 * _gap(size) + 2 * _inset(size), ("right bottom", "left bottom above")
        )
        return [Legend(rect, size)] if rect is not None else []

    def _place(self, width: int, anchors: tuple[str, ...]) -> Rect | None:
        margin, row = self._scale.margin, self._row
        for anchor in anchors:
            x = self._width - margin - width if "right" in anchor else margin
            y = self._height - margin - row if "bottom" in anchor else margin
            y += {"below": row + margin, "above": -row - margin}.get(anchor.split()[-1], 0)
            rect = Rect(x, y, width, row)
            if rect.within(self._width, self._height) and not any(rect.shared(other) for other in self._taken):
                self._taken.append(rect)
                return rect
        return None


def _inset(size: int) -> int:
    return max(4, round(0.55 * size))


def _gap(size: int) -> int:
    return max(4, round(0.55 * size))


def _bar(size: int) -> int:
    return round(6 * size)


def _baseline(rect: Rect, size: int) -> int:
    """The row, within ``rect``, on which letters stand so that capitals are in its middle."""
    return (rect.height - line_height(size)) // 2 + ascent(size) + round(0.1 * size)
