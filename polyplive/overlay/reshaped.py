"""Text on pictures whose pixels are not square: it is to look as on any other, once they are seen in true shape."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2

from polyplive.overlay.element import Pad, Rect
from polyplive.overlay.true_shape import growth

if TYPE_CHECKING:
    from fractions import Fraction

    from polyplive.overlay.hud import Line
    from polyplive.overlay.legend import Legend
    from polyplive.overlay.regions import Label
    from polyplive.types import Image


@dataclass(frozen=True, slots=True)
class Reshaped(Pad):
    """A pad with text that was placed among square pixels, drawn on pixels of another shape.

    ``rect`` is where it lies among the picture's own pixels, rounded outwards; nothing outside of it changes. Stretched
    to ``size`` (width, height), that rectangle has square pixels. ``pad`` lies among those.
    """

    pad: Line | Legend | Label
    size: tuple[int, int]

    @classmethod
    def of(cls, pad: Line | Legend | Label, sample_aspect: Fraction, width: int, height: int) -> Reshaped:
        """``pad`` lies in a picture of ``true_size``, whose own size is ``width`` by ``height``."""
        across, down = growth(sample_aspect)
        left, top = math.floor(pad.rect.x / across), math.floor(pad.rect.y / down)
        right = min(math.ceil((pad.rect.x + pad.rect.width) / across), width)
        bottom = min(math.ceil((pad.rect.y + pad.rect.height) / down), height)
        rect = Rect(left, top, right - left, bottom - top)
        x, y = math.floor(pad.rect.x - left * across), math.floor(pad.rect.y - top * down)
        size = (
            max(math.ceil(rect.width * across), x + pad.rect.width),
            max(math.ceil(rect.height * down), y + pad.rect.height),
        )
        return cls(rect, pad.moved(x - pad.rect.x, y - pad.rect.y), size)

    def draw(self, image: Image) -> None:
        """Draw the pad into the true shape of what is behind it, and shrink that back."""
        view = image[self.rect.slices]
        canvas: Image = cv2.resize(view, self.size, interpolation=cv2.INTER_LINEAR)
        self.pad.draw(canvas)
        view[...] = cv2.resize(canvas, (self.rect.width, self.rect.height), interpolation=cv2.INTER_AREA)
