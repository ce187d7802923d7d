"""The corners of the picture: state, figures, the frame's caption, and the heatmap's legend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive.overlay.colours import QUIET_COLOUR, TEXT_COLOUR
from polyplive.overlay.element import Pad, Rect
from polyplive.overlay.legend import WIDEST_LEGEND, Legend, legend_texts, legend_width
from polyplive.overlay.symbols import draw_symbol
from polyplive.overlay.text import (
    REGULAR,
    STRONG,
    baseline_of,
    draw_pad,
    draw_text,
    fitting,
    gap,
    inset,
    steady_width,
    text_width,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polyplive.overlay.colours import Colour
    from polyplive.overlay.element import Scale
    from polyplive.types import Caption, Figures, HeatStyle, Hud, Image, OverlaySettings, SessionState


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
        x, baseline = inset(self.size), baseline_of(self.rect, self.size)
        if self.sign is not None:
            radius = 0.46 * self.size
            centre = baseline - 0.36 * self.size
            draw_symbol(image[self.rect.slices], self.sign, x + radius, centre, radius)
            x += round(2 * radius) + gap(self.size)
        for run in self.runs:
            draw_text(image, self.rect, run.text, x, baseline, self.size, run.colour, run.weight)
            x += text_width(run.text, self.size, run.weight) + gap(self.size)


def place_hud(hud: Hud | None, settings: OverlaySettings, scale: Scale, width: int, height: int) -> list[Line | Legend]:
    """The corners' elements on a frame of that size, none over another; what has no room is left out.

    The legend needs no ``hud``, which only has the method and names: it belongs to the heatmap.
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
    if settings.needs_cam and settings.legend:
        elements += corners.legend(legend_texts(settings, hud), settings.heat_style)
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
    width = sum(steady_width(run.text, size, run.weight) for run in runs) + (len(runs) - 1) * gap(size)
    if sign is not None:
        width += round(0.92 * size) + gap(size)
    return width + 2 * inset(size)


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
            shown = fitting(" ".join(reason.split()), self._scale.text, room - gap(self._scale.text))
            if shown:
                return self.line((word, Run(shown)), hud.state, "left top", "left top below")
        return self.line(alone, hud.state, "left top", "left top below", "left bottom")

    def legend(self, texts: Sequence[tuple[str, str]], style: HeatStyle) -> list[Legend]:
        """The first of ``texts``, each a name and what is said of it, that there is room for."""
        for name, said in texts:
            size, room = self._scale.text, WIDEST_LEGEND * self._width
            width = legend_width(name, said, size)
            if width > room and said:
                continue
            if rect := self._place(width, ("right bottom", "left bottom above")):
                return [Legend(rect, size, name, said, style)]
        return []

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
