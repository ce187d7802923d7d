"""The overlay as a few small pictures at the size of a view, which only have to be laid over the scaled frame."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from polyplive.overlay.compositor import corners, labels, marks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from polyplive.overlay.element import Pad, Rect
    from polyplive.overlay.target import Target
    from polyplive.types import Hud, OverlaySettings, Prediction

_STRIP = 64
"""Rows of a patch that are cut to what is drawn in them; between two polyps there is little."""


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """A rectangle of the overlay, to be laid with its top left pixel over pixel ``x``, ``y`` of the target.

    ``pixels`` are uint8 [h, w, 4] BGRA with colours multiplied by alpha; rows may lie apart (strides). A pixel p there
    and b below give p + b * (255 - alpha) / 255, so that b is left as it is, bit for bit, where nothing is drawn.
    """

    x: int
    y: int
    pixels: NDArray[np.uint8]


@functools.lru_cache(maxsize=4)
def baked(
    target: Target, prediction: Prediction | None, settings: OverlaySettings, hud: Hud | None = None
) -> tuple[Patch, ...]:
    """``elements`` as patches, in the order in which they lie over one another. Any thread.

    What was drawn is kept for some time: the marks of the newest predictions, a pad for each text. So a call in one
    thread, perhaps without the ``hud``, spares the same work in another. ``target`` has square pixels.
    """
    pads = corners(target, settings, hud)
    patches: list[Patch] = []
    if prediction is not None and settings.visible:
        patches += _baked_marks(target, prediction, settings)
        patches += [laid(label) for label in labels(target, prediction, settings, pads, hud)]
    return (*patches, *map(laid, pads))


@functools.lru_cache(maxsize=4)
def _baked_marks(target: Target, prediction: Prediction, settings: OverlaySettings) -> tuple[Patch, ...]:
    """Heatmap, tints and contours."""
    drawn = [(mark, mark.bounds.clipped(target.width, target.height)) for mark in marks(target, prediction, settings)]
    patches: list[Patch] = []
    for rect in _apart(bounds for _, bounds in drawn if bounds is not None):
        canvas = _canvas(rect)
        for mark, bounds in drawn:
            if bounds is not None and rect.shared(bounds):
                mark.moved(-rect.x, -rect.y).draw(canvas)
        patches += _cut(rect, canvas)
    return tuple(patches)


def laid(pad: Pad) -> Patch:
    """``pad``, which was placed in a view, as a patch. What was drawn is kept for some time. Any thread."""
    rect = pad.bounds
    return Patch(rect.x, rect.y, _baked_pad(pad.moved(-rect.x, -rect.y)))


@functools.lru_cache(maxsize=128)
def _baked_pad(pad: Pad) -> NDArray[np.uint8]:
    """A pad with its text, which lies in the corner of its own canvas: the same text at another place is no new one."""
    canvas = _canvas(pad.bounds)
    pad.draw(canvas)
    return canvas


def _canvas(rect: Rect) -> NDArray[np.uint8]:
    return np.zeros((rect.height, rect.width, 4), np.uint8)


def _apart(rects: Iterable[Rect]) -> list[Rect]:
    """Rectangles of which no two overlap, and that hold all of ``rects``."""
    found: list[Rect] = []
    for rect in rects:
        joined = rect
        while overlapping := [other for other in found if joined.shared(other)]:
            for other in overlapping:
                found.remove(other)
                joined = joined.joined(other)
        found.append(joined)
    return found


def _cut(rect: Rect, canvas: NDArray[np.uint8]) -> list[Patch]:
    """The strips of ``canvas`` in which something is drawn, each as narrow as it may be."""
    alpha = cv2.extractChannel(canvas, 3)
    patches = []
    for top in range(0, rect.height, _STRIP):
        x, y, width, height = cv2.boundingRect(alpha[top : top + _STRIP])
        if width:
            rows = slice(top + y, top + y + height)
            patches.append(Patch(rect.x + x, rect.y + top + y, canvas[rows, x : x + width]))
    return patches
