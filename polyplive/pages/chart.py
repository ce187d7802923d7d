"""The one chart of all pages: lines, bars and vertical marks over two axes, drawn as inline SVG by a template.

Places are given in the data's own units and turned into per cent of the plot. The plot is as wide as the page, while
letters and strokes keep their size. So a chart is readable on a phone and on paper.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive.pages.text import clock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MINUTE_STEPS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0)
_ROOM = 0.18
"""Share of an axis that its last label needs for itself."""
_THINNEST = 0.12
"""Per cent of the plot: a bar that lasts one frame of many is still seen."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled place on an axis, in the data's unit."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Axis:
    """What is measured, and from where to where. ``low`` is below ``high``."""

    label: str
    low: float
    high: float
    ticks: tuple[Tick, ...]

    def place(self, value: float) -> float:
        """Per cent of the axis's length from its low end, 0 to 100; what lies outside is put at the end."""
        share = (value - self.low) / (self.high - self.low)
        return round(100 * min(max(share, 0.0), 1.0), 2)


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle in data units. ``kind`` is a colour (main, quiet, warn), ``says`` shows when it is pointed at.

    ``text`` stands in its middle: a few letters, for which it has to be wide enough.
    """

    left: float
    right: float
    low: float
    high: float
    kind: str = "main"
    says: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line through ``points`` (across, up); with ``dots`` each of them is marked. ``kind`` as of bars, or fall."""

    points: tuple[tuple[float, float], ...]
    kind: str = "main"
    dots: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A dashed vertical line; its text stands above the plot."""

    at: float
    text: str
    kind: str = "quiet"


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn. ``title`` says in one line what is seen, for those who cannot see it.

    ``shape`` is ``wide``, ``square`` or ``lanes`` (named rows instead of an axis of numbers).
    """

    title: str
    across: Axis
    up: Axis
    bars: tuple[Bar, ...] = ()
    lines: tuple[Line, ...] = ()
    marks: tuple[Mark, ...] = ()
    shape: str = "wide"
    height: int = 140

    def thickness(self, bar: Bar) -> float:
        """The bar's width in per cent, never so thin that it cannot be seen."""
        return round(max(self.across.place(bar.right) - self.across.place(bar.left), _THINNEST), 2)

    def tallness(self, bar: Bar) -> float:
        """The bar's height in per cent."""
        return round(self.up.place(bar.high) - self.up.place(bar.low), 2)

    def turned(self, value: float) -> float:
        """Per cent from the top, as SVG counts."""
        return round(100 - self.up.place(value), 2)

    def path(self, line: Line) -> str:
        """The line's points for a plot of 100 by 100."""
        return " ".join(f"{self.across.place(x):g},{self.turned(y):g}" for x, y in line.points)


def lanes(title: str, across: Axis, rows: Sequence[tuple[str, Sequence[Bar]]], marks: Sequence[Mark] = ()) -> Chart:
    """A strip for each of ``rows`` (name, bars), the first on top; the bars' own heights count for nothing."""
    count = len(rows)
    ticks, bars = [], []
    for place, (name, found) in enumerate(rows):
        base = count - 1 - place
        ticks.append(Tick(base + 0.5, name))
        bars += [Bar(bar.left, bar.right, base + 0.15, base + 0.85, bar.kind, bar.says, bar.text) for bar in found]
    up = Axis("", 0, count, tuple(ticks))
    return Chart(title, across, up, tuple(bars), marks=tuple(marks), shape="lanes", height=28 * count)


def histogram(title: str, across: Axis, counts: Sequence[int], marks: Sequence[Mark], height: int) -> Chart:
    """Bars of equal width over the whole of ``across``, one for each of ``counts``; the most frequent is full."""
    step = (across.high - across.low) / len(counts)
    most = max([*counts, 1])
    bars = [
        Bar(across.low + place * step, across.low + (place + 0.85) * step, 0, count)
        for place, count in enumerate(counts)
        if count
    ]
    return Chart(
        title,
        across,
        Axis("frames", 0, most, (Tick(0, "0"), Tick(most, str(most)))),
        tuple(bars),
        marks=tuple(marks),
        height=height,
    )


def number_ticks(low: float, high: float) -> tuple[Tick, ...]:
    """Round numbers from ``low`` to ``high``, at most five."""
    step = _round_step(high - low)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    values = [round(place * step, 6) for place in range(first, last + 1)]
    return tuple(Tick(value, f"{value:,.10g}".replace(",", "\u202f")) for value in values)


def end_ticks(low: float, high: float, step: float, words: Callable[[float], str]) -> tuple[Tick, ...]:
    """``low``, every multiple of ``step`` that has room, and ``high``: where a thing ends is always told."""
    if low == high:
        return (Tick(low, words(low)),)
    room = _ROOM * (high - low)
    first, last = math.floor(low / step) + 1, math.ceil(high / step) - 1
    inner = [round(place * step, 6) for place in range(first, last + 1)]
    kept = [value for value in inner if low + room <= value <= high - room]
    return tuple(Tick(value, words(value)) for value in (low, *kept, high))


def count_ticks(low: int, high: int) -> tuple[Tick, ...]:
    """Whole numbers with both ends."""
    step = _round_step(max(high - low, 5))
    return end_ticks(low, high, step, lambda value: f"{value:.0f}")


def time_ticks(low: float, high: float) -> tuple[Tick, ...]:
    """Times of a video in seconds, at round times, with both ends."""
    step = next((step for step in _MINUTE_STEPS if (high - low) / step <= 5), 3600.0 * _round_step((high - low) / 3600))
    return end_ticks(low, high, step, lambda value: clock(value).removesuffix(".0"))


def _round_step(span: float) -> float:
    """1, 2 or 5 times a power of ten: the smallest that cuts ``span`` into at most four and a half parts."""
    power: float = 10.0 ** math.floor(math.log10(span / 4.5))
    return next(power * factor for factor in (1, 2, 5, 10) if span / (power * factor) <= 4.5)
