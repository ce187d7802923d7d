"""How a benchmark's figures are put to people, on the terminal and in the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MODE_WORDS = {
    "engine": "engine alone",
    "headless": "end to end, no window",
    "display": "in the window, at the source's rate",
}


def delay_words(figures: Mapping[str, float] | None) -> str:
    """Median and 99th percentile in ms."""
    return f"{figures['p50']:.1f} / {figures['p99']:.1f}" if figures else "-"


def ratio_words(ratio: Mapping[str, float]) -> str:
    """A ratio with its spread."""
    return f"{ratio['ratio']:.2f} ({ratio['low']:.2f} to {ratio['high']:.2f})"
