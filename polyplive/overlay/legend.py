"""The heatmap's legend: in words, what it shows and from where to where its colours go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from polyplive.overlay.colours import PALE_EDGE_COLOUR, QUIET_COLOUR, TEXT_COLOUR, heat_colours
from polyplive.overlay.element import Pad
from polyplive.overlay.heat_lines import LINES
from polyplive.overlay.text import (
    REGULAR,
    STRONG,
    baseline_of,
    draw_pad,
    draw_text,
    gap,
    inset,
    text_width,
)

if TYPE_CHECKING:
    from polyplive.types import HeatStyle, Hud, Image, OverlaySettings

WIDEST_LEGEND = 0.75
"""Of the picture's width. A legend says less where it would take more."""

WEAK, STRONGEST = "weak", "strong"

SHOWN = {
    "mask": "what raises the polyp's score",
    "each": "what raises each polyp's own score",
    "nearly": "what nearly fired",
}
"""What heat shows, by what it explains."""

_NOT_SHOWN = (
    "It does not show where a polyp ends, whether the answer is right, or what was missed.\n"
    "Heat beside findings is hidden unless you ask for it."
)
_TOLD = {
    "mask": f"Where the picture raises the score of the polyps that are marked, all together.\n{_NOT_SHOWN}",
    "each": f"Where the picture raises the score of each polyp that is marked, by itself.\n{_NOT_SHOWN}",
    "nearly": (
        "Where the picture raises the score of regions that a lower threshold would have marked.\n"
        "Few grey dots outline them: they are no findings. What is marked has no heat."
    ),
}


def heat_told(method: str, target: str = "mask") -> str:
    """What a legend has no room for: what heat of ``target`` (``CamTarget``) does not tell, and the ``method``."""
    return _TOLD[target] + (f"\nHow it is made: {method}." if method else "")


@dataclass(frozen=True, slots=True)
class Legend(Pad):
    """The ``name`` of what is shown, what is ``said`` of it, and the colours; all of them, or those of lines."""

    size: int
    name: str
    said: str = ""
    style: HeatStyle = "filled"

    def draw(self, image: Image) -> None:
        """Draw the pad, the words, the bar."""
        draw_pad(image, self.rect)
        size, baseline = self.size, baseline_of(self.rect, self.size)
        x = inset(size)
        for text, colour, weight in ((self.name, TEXT_COLOUR, STRONG), (self.said, TEXT_COLOUR, REGULAR)):
            if text:
                draw_text(image, self.rect, text, x, baseline, size, colour, weight)
                x += text_width(text, size, weight) + gap(size)
        x += gap(size)
        draw_text(image, self.rect, WEAK, x, baseline, size, QUIET_COLOUR, REGULAR)
        x += text_width(WEAK, size) + gap(size)
        self._draw_bar(image, x)
        x += _bar(size) + gap(size)
        draw_text(image, self.rect, STRONGEST, x, baseline, size, QUIET_COLOUR, REGULAR)

    def _draw_bar(self, image: Image, x: int) -> None:
        thick = max(4, round(0.6 * self.size))
        top = self.rect.y + (self.rect.height - thick) // 2
        bar = image[top : top + thick, self.rect.x + x : self.rect.x + x + _bar(self.size)]
        steps = np.linspace(0, 255, bar.shape[1]).astype(np.uint8)
        colours = cv2.LUT(np.repeat(steps[None, :, None], 3, axis=2), heat_colours())
        if self.style == "lines":
            apart = np.abs(steps[:, None].astype(int) - np.array(LINES)).min(axis=1)
            colours[:, apart > 255 * max(1.0, 0.08 * self.size) / bar.shape[1]] = PALE_EDGE_COLOUR
        bar[..., :3] = colours
        bar[..., 3:] = 255


def legend_width(name: str, said: str, size: int) -> int:
    """How many columns a legend takes."""
    width = text_width(name, size, STRONG) + text_width(WEAK, size) + text_width(STRONGEST, size)
    if said:
        width += text_width(said, size) + gap(size)
    return width + _bar(size) + 4 * gap(size) + 2 * inset(size)


def legend_texts(settings: OverlaySettings, hud: Hud | None) -> list[tuple[str, str]]:
    """What a legend may say, a name and more, the most first."""
    if settings.heat_of is not None:
        names = dict(hud.names) if hud is not None else {}
        name = f"Heat of {names.get(settings.heat_of, f'polyp {settings.heat_of}')} alone"
    else:
        name = "All heat" if settings.heat_everywhere else "Heat"
    said = SHOWN["mask" if hud is None else hud.cam_target]
    method = hud.method if hud is not None else ""
    # the method with its layers, and without
    full = [(f"{name}:", f"{said} ({made})") for made in dict.fromkeys((method, method.partition(", ")[0])) if made]
    return [*full, (f"{name}:", said), (name, "")]


def _bar(size: int) -> int:
    return round(6 * size)
