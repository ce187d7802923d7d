"""The Grad-CAM heatmap: a colour map that is perceptually uniform, more opaque where the map is stronger."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from polyplive.overlay.element import Rect

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polyplive.overlay.element import Cover
    from polyplive.overlay.target import Target
    from polyplive.types import FloatMap, Image, Prediction

CUTOFF = 24
"""Levels (of 255) below this are not drawn: the heatmap ends somewhere, and the rest of the frame stays untouched."""

_STRIP = 32
"""Rows blended at a time."""

FINER = 8
"""The coarse map is first made so many times finer with cubic splines, then stretched to the frame linearly."""


def colour_map() -> NDArray[np.uint8]:
    """uint8 [256, 1, 3] BGR from low to high.

    Viridis (van der Walt and Smith, 2015): perceptually uniform, safe for colour-blind viewers, and without the reds
    of the mucosa.
    """
    levels = np.arange(256, dtype=np.uint8)[:, None]
    colours: NDArray[np.uint8] = cv2.applyColorMap(levels, cv2.COLORMAP_VIRIDIS)
    return colours


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
    added[..., :3] = np.rint(colour_map() * alpha)
    return added, left


def levels_of(cam: FloatMap, full_scale: float, size: tuple[int, int]) -> NDArray[np.uint8]:
    """A raw CAM at ``size`` (width, height): uint8, 255 at ``full_scale`` and above; never rescaled by the frame."""
    share = np.clip(np.nan_to_num(cam) / max(full_scale, 1e-12), 0.0, 1.0).astype(np.float32)
    smooth = cv2.resize(share, size, interpolation=cv2.INTER_CUBIC)
    levels: NDArray[np.uint8] = np.rint(np.clip(smooth, 0.0, 1.0) * 255).astype(np.uint8)
    return levels


@dataclass(frozen=True, slots=True, eq=False)
class Heatmap:
    """Levels [h, w] (uint8) for the pixels of ``rect``, which lies inside of the picture."""

    rect: Rect
    levels: NDArray[np.uint8]
    opacity: float

    def draw(self, image: Image) -> None:
        """Blend the colours in."""
        added, left = _blend_tables(self.opacity, image.shape[2])
        view = image[self.rect.slices]
        # In strips, each only as wide as it needs to be: two far spots of a large frame would cost all between them.
        for top in range(0, self.rect.height, _STRIP):
            rows = slice(top, top + _STRIP)
            x, _, width, _ = cv2.boundingRect((self.levels[rows] >= CUTOFF).view(np.uint8))
            if width:
                strip, levels = view[rows, x : x + width], self.levels[rows, x : x + width]
                kept = cv2.multiply(strip, _mapped(levels, left), scale=1 / 255)
                strip[...] = cv2.add(kept, _mapped(levels, added), dst=kept)

    def cover(self, mask: Cover) -> None:
        """Every pixel with a level that is drawn."""
        view = mask[self.rect.slices]
        view[self.levels >= CUTOFF] = 255

    @property
    def bounds(self) -> Rect:
        """All of ``rect``."""
        return self.rect

    def moved(self, across: int, down: int) -> Heatmap:
        """The same elsewhere."""
        return dataclasses.replace(self, rect=self.rect.moved(across, down))


def _mapped(levels: NDArray[np.uint8], table: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A row of ``table`` for each of ``levels``: uint8 [h, w, channels]."""
    channels = table.shape[2]
    if channels == 3:
        colours: NDArray[np.uint8] = cv2.applyColorMap(levels, table)
    else:
        colours = cv2.LUT(cv2.merge((levels,) * channels), table)
    return colours


@functools.lru_cache(maxsize=4)  # live, one result is drawn on several frames, at two sizes
def heatmap(prediction: Prediction, target: Target, opacity: float) -> Heatmap | None:
    """The heatmap of ``prediction`` on ``target``; None where there is nothing to draw."""
    cam, roi = prediction.cam, target.region(prediction.cam_roi)
    if cam is None or opacity <= 0 or cam.size == 0:
        return None
    rows, columns = cam.shape
    finer = levels_of(cam, prediction.cam_full_scale, (columns * FINER, rows * FINER))
    x, y, w, h = cv2.boundingRect((finer >= CUTOFF).astype(np.uint8))
    if w == 0 or h == 0:
        return None
    rect = _in_frame(x, y, w, h, finer.shape, roi, target.width, target.height)
    if rect is None:
        return None
    levels = _stretch(finer, roi, rect) if target.crop is None else _warp(finer, roi, rect)
    return Heatmap(rect, levels, opacity)


def _in_frame(
    x: int, y: int, w: int, h: int, shape: tuple[int, ...], roi: Rect, width: int, height: int
) -> Rect | None:
    """The frame's pixels that a box (x, y, w, h) of the finer map covers, with a margin of one map pixel."""
    scale_x, scale_y = roi.width / shape[1], roi.height / shape[0]
    left = max(roi.x + int(np.floor((x - 1) * scale_x)), roi.x, 0)
    top = max(roi.y + int(np.floor((y - 1) * scale_y)), roi.y, 0)
    right = min(roi.x + int(np.ceil((x + w + 1) * scale_x)), roi.x + roi.width, width)
    bottom = min(roi.y + int(np.ceil((y + h + 1) * scale_y)), roi.y + roi.height, height)
    return Rect(left, top, right - left, bottom - top) if right > left and bottom > top else None


def _stretch(finer: NDArray[np.uint8], roi: Rect, rect: Rect) -> NDArray[np.uint8]:
    """The finer map, which covers ``roi``, at the pixels of ``rect``; pixel centres map as in ``preprocess``.

    Stretching all of it and taking a part costs less than warping the part alone, unless that is below a sixth.
    """
    whole: NDArray[np.uint8] = cv2.resize(finer, (roi.width, roi.height), interpolation=cv2.INTER_LINEAR)
    left, top = rect.x - roi.x, rect.y - roi.y
    return np.ascontiguousarray(whole[top : top + rect.height, left : left + rect.width])


def _warp(finer: NDArray[np.uint8], roi: Rect, rect: Rect) -> NDArray[np.uint8]:
    """The same where ``rect`` is a small part of ``roi``, which a view that is zoomed does not show whole."""
    across, down = finer.shape[1] / roi.width, finer.shape[0] / roi.height
    to_finer = np.array(
        [
            [across, 0, (rect.x - roi.x + 0.5) * across - 0.5],
            [0, down, (rect.y - roi.y + 0.5) * down - 0.5],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    levels = cv2.warpAffine(finer, to_finer, (rect.width, rect.height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(levels, np.uint8)
