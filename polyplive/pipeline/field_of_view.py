"""The part of a frame that shows the endoscope's picture: found, given, or all of it."""

from __future__ import annotations

import re
from collections import deque
from enum import Enum
from typing import TYPE_CHECKING

import cv2
import numpy as np

from polyplive.errors import ConfigError
from polyplive.types import Roi

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polyplive.pixels.picture import Picture
    from polyplive.types import Frame

_MAP_SIDE = 160
_COLOURED_FROM = 22  # darker pixels are border, whatever their colour: compression tints black
_CHROMA_FROM = 12  # panels are grey; mucosa is red, brown in narrow-band light, blue where dyed
_BRIGHT_FROM = 96  # highlights and white-outs have no colour
_TEXT_HEIGHT = 5  # cells; opening by this removes lines of text, which are thinner
_GAP = 9  # cells; closing by this joins what dark folds split
_MIN_SHARE = 0.2
_WHOLE_FROM = 0.96
_SNAP = 0.02

_WARM_UP = frozenset({0, 1, 2, 4, 8, 16})
_SEARCH_EVERY = 25
_MASKS_JOINED = 5
_SEARCHES_TO_CHANGE = 3
_SAME = 0.03


class RoiMode(Enum):
    """How the field of view is chosen."""

    AUTO = "auto"
    NONE = "none"
    FIXED = "fixed"


def parse_roi(text: str) -> tuple[RoiMode, Roi | None]:
    """What ``--roi`` means: ``auto``, ``none``, or a region ``x,y,w,h`` in source pixels. Raises ``ConfigError``."""
    word = text.strip().lower()
    if word in ("auto", "none"):
        return RoiMode(word), None
    try:
        x, y, width, height = (_pixels(part) for part in word.split(","))
        return RoiMode.FIXED, Roi(x, y, width, height)
    except ValueError:
        raise ConfigError(
            f"A field of view of '{text}' is not understood",
            "Give auto, none, or x,y,w,h in pixels with a width and height of at least 1.",
        ) from None


def _pixels(text: str) -> int:
    """A plain whole number; ``int`` alone would also take ``1_0`` and other scripts' digits."""
    if re.fullmatch(r"[0-9]{1,9}", text.strip()) is None:
        raise ValueError(f"'{text}' is no number of pixels")
    return int(text)


class FieldOfView:
    """Gives each frame's region for inference. One thread; the same frames give the same regions.

    With ``auto`` the picture is looked for in the first frames and then once in 25. Black borders, grey panels and
    text are left out; the corners of a round or octagonal picture are not, and neither is a picture in the picture.
    The region follows the union of the last searches. Once settled, it changes only when three searches in turn see the
    same other region. So a covered lens, a white-out or a dark lumen does not move it. Where less than a fifth of
    the frame looks like a picture, nothing is known, and the region stays (at first: the whole frame). Where frames
    change their size the picture is looked for anew.
    """

    def __init__(self, mode: RoiMode = RoiMode.AUTO, roi: Roi | None = None) -> None:
        self._mode = mode
        self._fixed = roi
        self.reset()

    @classmethod
    def parse(cls, text: str) -> FieldOfView:
        """From the setting: ``auto``, ``none`` or ``x,y,w,h``. Raises ``ConfigError``."""
        return cls(*parse_roi(text))

    @property
    def is_given(self) -> bool:
        """Whether the region was given, in pixels, so that it means nothing in frames of another size."""
        return self._fixed is not None

    def reset(self) -> None:
        """Forget what was found: call it where frames stop following each other."""
        self._count = 0
        self._size = (0, 0)
        self._found: Roi | None = None
        self._rival: Roi | None = None
        self._votes = 0
        self._masks: deque[NDArray[np.uint8]] = deque(maxlen=_MASKS_JOINED)

    def area(self, frame: Frame) -> Roi:
        """The region of ``frame`` in source pixels. Raises ``ConfigError`` if a given region is not inside it."""
        whole = Roi(0, 0, frame.width, frame.height)
        if self._mode is RoiMode.NONE:
            return whole
        if self._fixed is not None:
            return _inside(self._fixed, whole)
        if self._size != (frame.width, frame.height):
            self.reset()
            self._size = (frame.width, frame.height)
        if self._count in _WARM_UP or self._count % _SEARCH_EVERY == 0:
            self._search(frame.picture)
        self._count += 1
        return self._found or whole

    def _search(self, picture: Picture) -> None:
        mask = picture_mask(picture)
        if mask.mean() < _MIN_SHARE:
            return
        self._masks.append(mask)
        seen = bounding_region(np.maximum.reduce(list(self._masks)), picture.width, picture.height)
        if self._found is None or self._count in _WARM_UP:
            self._found = seen
        elif _alike(seen, self._found):
            self._votes = 0
        else:
            self._votes = self._votes + 1 if self._rival is not None and _alike(seen, self._rival) else 1
            self._rival = seen
            if self._votes >= _SEARCHES_TO_CHANGE:
                self._found, self._votes = seen, 0


def picture_mask(picture: Picture) -> NDArray[np.uint8]:
    """Where ``picture`` looks like the endoscope's picture: uint8 [h, w], 1 or 0.

    A map of at most 160 cells a side; only the largest connected part is kept.
    """
    height, width = picture.height, picture.width
    scale = max(1.0, max(height, width) / _MAP_SIDE)
    size = max(1, round(height / scale)), max(1, round(width / scale))
    small = picture.part_at(slice(0, height), slice(0, width), *size)
    blue, green, red = small[..., 0], small[..., 1], small[..., 2]
    brightest = np.maximum(np.maximum(blue, green), red)
    chroma = brightest - np.minimum(np.minimum(blue, green), red)
    shown = (brightest >= _BRIGHT_FROM) | ((brightest >= _COLOURED_FROM) & (chroma >= _CHROMA_FROM))
    mask = shown.astype(np.uint8)
    mask = _morphed(mask, cv2.MORPH_OPEN, _TEXT_HEIGHT)
    mask = _morphed(mask, cv2.MORPH_CLOSE, _GAP)
    count, labels, figures, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    if count < 2:
        return np.zeros_like(mask)
    largest = 1 + int(np.argmax(figures[1:, cv2.CC_STAT_AREA]))
    part: NDArray[np.uint8] = (labels == largest).astype(np.uint8)
    return part


def bounding_region(mask: NDArray[np.uint8], width: int, height: int) -> Roi:
    """The smallest region of a ``width`` x ``height`` frame that holds all of ``mask``'s cells, one cell wider.

    Edges close to the frame's are moved onto them; nearly all of the frame becomes all of it.
    """
    left, right = _extent(mask.max(axis=0), width)
    top, bottom = _extent(mask.max(axis=1), height)
    if (right - left) * (bottom - top) >= _WHOLE_FROM * width * height:
        return Roi(0, 0, width, height)
    return Roi(left, top, right - left, bottom - top)


def _morphed(mask: NDArray[np.uint8], operation: int, side: int) -> NDArray[np.uint8]:
    # The frame's edge is not a border of the picture: beyond it, the picture is taken to go on.
    padded = cv2.copyMakeBorder(mask, side, side, side, side, cv2.BORDER_REPLICATE)
    done: NDArray[np.uint8] = cv2.morphologyEx(padded, operation, np.ones((side, side), np.uint8))
    return done[side:-side, side:-side]


def _extent(filled: NDArray[np.uint8], pixels: int) -> tuple[int, int]:
    cells = np.flatnonzero(filled)
    size = pixels / len(filled)
    first = max(0, int((cells[0] - 1) * size))
    last = min(pixels, int(np.ceil((cells[-1] + 2) * size)))
    near = _SNAP * pixels + size
    return (0 if first <= near else first), (pixels if pixels - last <= near else last)


def _alike(one: Roi, other: Roi) -> bool:
    near_x = max(2.0, _SAME * max(one.width, other.width))
    near_y = max(2.0, _SAME * max(one.height, other.height))
    return (
        abs(one.x - other.x) <= near_x
        and abs(one.y - other.y) <= near_y
        and abs(one.x + one.width - other.x - other.width) <= near_x
        and abs(one.y + one.height - other.y - other.height) <= near_y
    )


def _inside(roi: Roi, whole: Roi) -> Roi:
    if not roi.is_inside(whole.width, whole.height):
        raise ConfigError(
            f"The field of view {roi.x},{roi.y},{roi.width},{roi.height} reaches outside of frames of "
            f"{whole.width}x{whole.height}",
            "Give a region inside them, or --roi auto.",
        )
    return roi
