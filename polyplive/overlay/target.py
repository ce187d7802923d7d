"""Where an overlay is laid out: the pixels of a frame, or those of a view that shows it, or a part of it, larger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polyplive.overlay.element import Rect, Scale
from polyplive.overlay.true_shape import true_size
from polyplive.types import SQUARE

if TYPE_CHECKING:
    from fractions import Fraction

    from polyplive.pixels.crop import Crop
    from polyplive.types import Contour, Roi

CORNER_BITS = 4
"""Corners that lie between pixels are given to OpenCV in 16ths of one."""


@dataclass(frozen=True, slots=True)
class Target:
    """A picture of ``width`` by ``height`` pixels that shows a frame of ``source`` pixels (width, height).

    ``sample_aspect`` is the width of the target's pixels by their height: a frame's own at its own size, 1 in a view.
    ``density`` is how many of its pixels lie in one of those that sizes of text are chosen by: a screen's device pixel
    ratio. It shows all of the frame, or the part that ``crop`` says. Geometry of a prediction counts source pixels; the
    methods give where it lies here, which may be outside where there is a ``crop``.
    """

    source: tuple[int, int]
    width: int
    height: int
    sample_aspect: Fraction = SQUARE
    density: float = 1.0
    crop: Crop | None = None

    @classmethod
    def of_frame(cls, shape: tuple[int, ...], sample_aspect: Fraction = SQUARE) -> Target:
        """A frame of ``shape`` ([H, W, ...]) itself: every coordinate stays as it is."""
        return cls((shape[1], shape[0]), shape[1], shape[0], sample_aspect)

    @property
    def is_source(self) -> bool:
        """Whether its pixels are the frame's own."""
        return self.crop is None and (self.width, self.height) == self.source

    @property
    def shown(self) -> tuple[int, int]:
        """Width and height in square pixels, among which text is placed."""
        return true_size(self.width, self.height, self.sample_aspect)

    @property
    def scale(self) -> Scale:
        """The sizes of text, margins and lines."""
        return Scale.of(*self.shown, self.density)

    def corners(self, contour: Contour) -> tuple[Contour, int]:
        """``contour`` in pixels of this target, and how many of each number's bits are a fraction of a pixel."""
        if self.is_source:
            return contour, 0
        first, share = self._placing(self.width, self.height)
        places: Contour = np.rint(((contour + 0.5 - first) * share - 0.5) * (1 << CORNER_BITS)).astype(np.int32)
        return places, CORNER_BITS

    def region(self, roi: Roi) -> Rect:
        """``roi`` in pixels of this target, rounded."""
        if self.is_source:
            return Rect(roi.x, roi.y, roi.width, roi.height)
        (first_x, first_y), (across, down) = self._placing(self.width, self.height)
        left, top = round((roi.x - first_x) * across), round((roi.y - first_y) * down)
        right, bottom = round((roi.x + roi.width - first_x) * across), round((roi.y + roi.height - first_y) * down)
        return Rect(left, top, max(1, right - left), max(1, bottom - top))

    def box(self, bbox: tuple[int, int, int, int]) -> Rect:
        """A box (x, y, width, height) of source pixels, rounded, in the square pixels of ``shown``."""
        (first_x, first_y), (across, down) = self._placing(*self.shown)
        x, y, width, height = bbox
        left, top = round((x - first_x) * across), round((y - first_y) * down)
        return Rect(left, top, round(width * across), round(height * down))

    def _placing(self, width: int, height: int) -> tuple[tuple[float, float], tuple[float, float]]:
        """The source's point that lies at the origin of so many pixels, and how many of these show one of its own."""
        if self.crop is None:
            return (0.0, 0.0), (width / self.source[0], height / self.source[1])
        return (self.crop.x, self.crop.y), (width / self.crop.width, height / self.crop.height)
