"""The part of a frame that shows the endoscope's picture: found, given, or all of it."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from polyplive.errors import ConfigError
from polyplive.pipeline.picture_mask import bounding_region, picture_mask
from polyplive.types import Roi

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polyplive.types import Frame

_MIN_SHARE = 0.2
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


@dataclass(frozen=True, slots=True, eq=False)
class ViewState:
    """What is known of the field of view before a frame; at first nothing.

    ``given_for`` is the size (width, height) that a given region holds for. ``count`` frames of ``size`` were seen in a
    row. ``found`` is their region, ``rival`` another one that was seen in ``votes`` searches in turn. ``masks`` are the
    last ones looked at, uint8 [h, w].
    """

    given_for: tuple[int, int] | None = None
    count: int = 0
    size: tuple[int, int] = (0, 0)
    found: Roi | None = None
    rival: Roi | None = None
    votes: int = 0
    masks: tuple[NDArray[np.uint8], ...] = ()


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

    def reset(self) -> None:
        """Forget what was found: call it where frames stop following each other."""
        self.resume(ViewState())

    def resume(self, state: ViewState) -> None:
        """Go on from ``state``, as if the frames before it had been seen."""
        self._given_for = state.given_for
        self._count, self._size = state.count, state.size
        self._found, self._rival, self._votes = state.found, state.rival, state.votes
        self._masks: deque[NDArray[np.uint8]] = deque(state.masks, maxlen=_MASKS_JOINED)

    @property
    def state(self) -> ViewState:
        """What the next frame's region depends on, besides that frame."""
        return ViewState(
            self._given_for, self._count, self._size, self._found, self._rival, self._votes, tuple(self._masks)
        )

    def area(self, frame: Frame) -> Roi:
        """The region of ``frame`` in source pixels.

        A region that was given holds for the size of the first frame; raises ``ConfigError`` if it is not inside it.
        """
        size = frame.width, frame.height
        return self.area_by(size, picture_mask(frame.picture) if self.searches(size) else None)

    def searches(self, size: tuple[int, int]) -> bool:
        """Whether the picture is looked for in the next frame, if that has this ``size`` (width, height)."""
        if not self._is_found_in(size):
            return False
        count = self._count if size == self._size else 0
        return count in _WARM_UP or count % _SEARCH_EVERY == 0

    def area_by(self, size: tuple[int, int], mask: NDArray[np.uint8] | None) -> Roi:
        """``area`` of a frame of which only ``size`` and ``picture_mask`` are known.

        ``mask`` is looked at where ``searches`` says so, and has to be there then.
        """
        whole = Roi(0, 0, *size)
        if not self._is_found_in(size):
            roi = whole if self._fixed is None else _inside(self._fixed, whole)
            self._given_for = size
            return roi
        if self._size != size:
            self.resume(ViewState(self._given_for, size=size))
        if self.searches(size):
            assert mask is not None, "the picture is looked for in this frame"
            self._search(mask)
        self._count += 1
        return self._found or whole

    def _is_found_in(self, size: tuple[int, int]) -> bool:
        if self._mode is RoiMode.FIXED:
            return self._given_for not in (None, size)
        return self._mode is RoiMode.AUTO

    def _search(self, mask: NDArray[np.uint8]) -> None:
        if mask.mean() < _MIN_SHARE:
            return
        self._masks.append(mask)
        seen = bounding_region(np.maximum.reduce(list(self._masks)), *self._size)
        if self._found is None or self._count in _WARM_UP:
            self._found = seen
        elif _alike(seen, self._found):
            self._votes = 0
        else:
            self._votes = self._votes + 1 if self._rival is not None and _alike(seen, self._rival) else 1
            self._rival = seen
            if self._votes >= _SEARCHES_TO_CHANGE:
                self._found, self._votes = seen, 0


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
