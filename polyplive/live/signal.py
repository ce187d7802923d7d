"""A lost signal that brings no error: the card repeats its last picture, or sends a flat one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from polyplive.types import Image

_STEP = 12
_FLAT_RANGE = 8
"""Grey levels between the darkest and the brightest sample of a channel: a camera's noise alone is wider."""


class SignalWatch:
    """Looks at each picture of a live source; one thread at a time.

    A camera's noise makes every picture differ from the last in some pixel, so an exact repeat, pixel by pixel, is
    not what a scope sees: the picture is frozen at the processor, or the card has lost its input.
    """

    def __init__(self) -> None:
        self._last: Image | None = None
        self._repeats_since_s: float | None = None
        self._flat_since_s: float | None = None

    def look(self, image: Image, now_s: float) -> None:
        """Take the next picture, uint8 [H, W, 3]; it is compared with the one before and kept until the next."""
        last, self._last = self._last, image
        if not _same(last, image):
            self._repeats_since_s = None
        elif self._repeats_since_s is None:
            self._repeats_since_s = now_s
        sample = image[::_STEP, ::_STEP]
        if any(int(np.ptp(sample[..., channel])) > _FLAT_RANGE for channel in range(3)):
            self._flat_since_s = None
        elif self._flat_since_s is None:
            self._flat_since_s = now_s

    def problem(self, now_s: float, after_s: float) -> str:
        """What is wrong for at least ``after_s`` seconds, in words; empty when nothing is."""
        if self._flat_since_s is not None and now_s - self._flat_since_s >= after_s:
            return "The picture is one flat colour: check the cable to the processor."
        if self._repeats_since_s is not None and now_s - self._repeats_since_s >= after_s:
            return "The picture has stopped changing: it is frozen at the processor, or its signal is lost."
        return ""

    def reset(self) -> None:
        """Forget the past: the source was opened again."""
        self._last = self._repeats_since_s = self._flat_since_s = None


def _same(one: Image | None, other: Image) -> bool:
    if one is None or one.shape != other.shape:
        return False
    if not np.array_equal(one[::_STEP, ::_STEP], other[::_STEP, ::_STEP]):
        return False  # cheap, and nearly always enough
    return np.array_equal(one, other)
