"""The heatmap as colours over the mucosa, more opaque where it is stronger, or as lines of equal heat."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from polyplive.overlay.colours import heat_colours
from polyplive.overlay.heat_levels import CUTOFF, heat_levels
from polyplive.overlay.heat_lines import HeatLines, heat_lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polyplive.overlay.element import Cover, Rect
    from polyplive.overlay.heat_levels import HeatLevels
    from polyplive.overlay.target import Target
    from polyplive.types import Image, OverlaySettings, Prediction

_STRIP = 32
"""Rows blended at a time."""


@functools.lru_cache(maxsize=32)
def _blend_tables(opacity: float, channels: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """What a level adds, and the share (of 255) that it leaves of what is there: both uint8 [256, 1, channels].

    The strength rises as the square root above the cut-off: middle levels are clearly seen on bright mucosa, and the
    heatmap still ends without an edge.
    """
    levels = np.arange(256, dtype=np.float32)[:, None, None]
    alpha = opacity * np.sqrt(np.clip((levels - CUTOFF) / (255 - CUTOFF), 0, 1))
    left = np.repeat(np.rint(255 * (1 - alpha)).astype(np.uint8), channels, axis=2)
    added = 255 - left  # a fourth channel is alpha itself
    added[..., :3] = np.rint(heat_colours() * alpha)
    return added, left


@dataclass(frozen=True, slots=True, eq=False)
class Heatmap:
    """Heat as colours. A gate changes how opaque a colour is, never the colour: a level looks the same everywhere."""

    heat: HeatLevels
    opacity: float

    def draw(self, image: Image) -> None:
        """Blend the colours in."""
        heat = self.heat
        added, left = _blend_tables(self.opacity, image.shape[2])
        view, drawn = image[heat.rect.slices], heat.drawn.view(np.uint8)
        # In strips, each only as wide as it needs to be: two far spots of a large frame would cost all between them.
        for top in range(0, heat.rect.height, _STRIP):
            x, _, width, _ = cv2.boundingRect(drawn[top : top + _STRIP])
            if not width:
                continue
            part = slice(top, top + _STRIP), slice(x, x + width)
            strip, levels = view[part], heat.levels[part]
            adds, leaves = _mapped(levels, added), _mapped(levels, left)
            if heat.gate is not None:
                gate = cv2.merge((heat.gate[part],) * image.shape[2])
                adds = cv2.multiply(adds, gate, dst=adds, scale=1 / 255)
                takes = cv2.multiply(cv2.bitwise_not(leaves), gate, scale=1 / 255)
                leaves = cv2.bitwise_not(takes, dst=takes)
            kept = cv2.multiply(strip, leaves, scale=1 / 255)
            strip[...] = cv2.add(kept, adds, dst=kept)

    def cover(self, mask: Cover) -> None:
        """Every pixel with heat that is drawn."""
        mask[self.heat.rect.slices][self.heat.drawn] = 255

    @property
    def bounds(self) -> Rect:
        """All of the heat's rectangle."""
        return self.heat.rect

    def moved(self, across: int, down: int) -> Heatmap:
        """The same elsewhere."""
        return dataclasses.replace(self, heat=dataclasses.replace(self.heat, rect=self.heat.rect.moved(across, down)))


def _mapped(levels: NDArray[np.uint8], table: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A row of ``table`` for each of ``levels``: uint8 [h, w, channels]."""
    channels = table.shape[2]
    if channels == 3:
        colours: NDArray[np.uint8] = cv2.applyColorMap(levels, table)
    else:
        colours = cv2.LUT(cv2.merge((levels,) * channels), table)
    return colours


@functools.lru_cache(maxsize=4)  # live, one result is drawn on several frames, at two sizes
def heatmap(prediction: Prediction, target: Target, settings: OverlaySettings) -> Heatmap | HeatLines | None:
    """The heat of ``prediction`` on ``target`` in the style of ``settings``; None where there is nothing to draw."""
    opacity = min(max(settings.opacity, 0.0), 1.0)
    heat = heat_levels(prediction, target, settings) if opacity > 0 else None
    if heat is None:
        return None
    return Heatmap(heat, opacity) if settings.heat_style == "filled" else heat_lines(heat, target.scale.line)
