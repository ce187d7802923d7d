"""Text, and the dark pads that it stands on."""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING

import cv2
import numpy as np

from polyplive.overlay.colours import PAD_COLOUR, opaque

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polyplive.overlay.colours import Colour
    from polyplive.overlay.element import Rect
    from polyplive.types import Image

PAD_OPACITY = 0.66
REGULAR, STRONG = 450, 600

_lock = threading.Lock()
"""The window and a recorder draw in different threads; nothing says that one font face may be used by two."""


@functools.cache
def _font() -> cv2.FontFace:
    """OpenCV's own sans serif: part of the library, so that the picture is the same on every machine."""
    return cv2.FontFace("sans")


@functools.lru_cache(maxsize=512)
def text_width(text: str, size: int, weight: int = REGULAR) -> int:
    """How many columns ``text`` takes, from where it starts to where more would go on."""
    scratch = np.zeros((1, 1, 3), np.uint8)
    with _lock:
        end, _ = cv2.putText(scratch, text, (0, 0), (0, 0, 0), _font(), size, weight=weight, wrap=(0, 1 << 20))
    return int(end[0])


def line_height(size: int) -> int:
    """Rows from the top of the tallest letter to the bottom of the lowest, with no pad."""
    return ascent(size) + descent(size)


def ascent(size: int) -> int:
    """Rows above the baseline that capital letters take."""
    return round(0.74 * size)


def descent(size: int) -> int:
    """Rows below the baseline that letters may take."""
    return round(0.24 * size)


def inset(size: int) -> int:
    """Columns between a pad's border and its text."""
    return max(4, round(0.55 * size))


def gap(size: int) -> int:
    """Columns between two pieces of text."""
    return max(4, round(0.55 * size))


def baseline_of(rect: Rect, size: int) -> int:
    """The row, within ``rect``, on which letters stand so that capitals are in its middle."""
    return (rect.height - line_height(size)) // 2 + ascent(size) + round(0.1 * size)


def steady_width(text: str, size: int, weight: int = REGULAR) -> int:
    """``text_width`` with every digit as wide as the widest, so that a pad does not change with its figures."""
    return text_width("".join("0" if letter.isdigit() else letter for letter in text), size, weight)


def fitting(text: str, size: int, width: int, weight: int = REGULAR) -> str:
    """``text``, cut and ended with an ellipsis where it would be wider than ``width``; may be empty."""
    if text_width(text, size, weight) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if text_width(text[:middle].rstrip() + "…", size, weight) <= width:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + "…" if low else ""


def draw_text(
    image: Image, rect: Rect, text: str, x: int, baseline: int, size: int, colour: Colour, weight: int
) -> None:
    """Write ``text`` from column ``x`` of ``rect``, on row ``baseline`` of it; nothing outside of ``rect`` changes."""
    view = image[rect.slices]
    alpha = cv2.extractChannel(view, 3) if image.shape[2] == 4 else None  # OpenCV would not blend it but replace it
    with _lock:
        for part, level in ((view, opaque(colour)), (alpha, 255)):
            if part is not None:
                cv2.putText(part, text, (x, baseline), level, _font(), size, weight=weight, wrap=(0, 1 << 20))
    if alpha is not None:
        cv2.insertChannel(alpha, view, 3)


def draw_pad(image: Image, rect: Rect, colour: Colour = PAD_COLOUR, opacity: float = PAD_OPACITY) -> None:
    """Darken ``rect`` with rounded corners."""
    view = image[rect.slices]
    radius = min(round(0.28 * rect.height), rect.width // 2, rect.height // 2)
    left, added = _pad(rect.width, rect.height, radius, opaque(colour)[: image.shape[2]], opacity)
    cv2.multiply(view, left, dst=view, scale=1 / 255)
    cv2.add(view, added, dst=view)


@functools.lru_cache(maxsize=64)
def _pad(width: int, height: int, radius: int, colour: tuple[int, ...], opacity: float) -> tuple[Image, Image]:
    """What a pad leaves of each pixel (of 255; outside all), and what it adds: uint8 [height, width, channels] each."""
    cover = np.repeat(_rounded(width, height, radius, opacity), len(colour), axis=2)
    added = np.rint(np.array(colour, np.float32) * cover).astype(np.uint8)
    return np.rint(255 * (1 - cover)).astype(np.uint8), added


def _rounded(width: int, height: int, radius: int, opacity: float) -> NDArray[np.float32]:
    """float32 [height, width, 1] in [0, ``opacity``]: a rectangle with rounded, smooth corners."""
    x = np.maximum(np.abs(np.arange(width) - (width - 1) / 2) - ((width - 1) / 2 - radius), 0)
    y = np.maximum(np.abs(np.arange(height) - (height - 1) / 2) - ((height - 1) / 2 - radius), 0)
    distance = np.hypot(x[None, :], y[:, None]) - radius
    cover = np.clip(0.5 - distance, 0, 1) if radius else np.ones((height, width))
    return (opacity * cover).astype(np.float32)[:, :, None]
