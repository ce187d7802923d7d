"""Detects a lost signal that raises no error: the card repeats its last picture, or sends one of a single colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from polyplive.pixels.picture import Picture

_STEP = 12
_FLAT_RANGE = 8
"""Grey levels between the darkest and the brightest sample of a channel; a camera's noise alone spans more."""


class LostSignalDetector:
    """Checks each picture of a live source; one thread at a time.

    Noise makes every picture of a camera differ from the last one in some pixel. So an exact repeat means that the
    picture is frozen at the processor, or that the card has lost its input.
    """

    def __init__(self) -> None:
        self._last: Picture | None = None
        self._repeats_since_s: float | None = None
        self._flat_since_s: float | None = None

    def look(self, picture: Picture, now_s: float) -> None:
        """Take the next picture and compare it with the last one. It is kept until the next call."""
        last, self._last = self._last, picture
        if last is None or not _same(last, picture):
            self._repeats_since_s = None
        elif self._repeats_since_s is None:
            self._repeats_since_s = now_s
        sample = picture.thinned(_STEP)
        if any(int(np.ptp(sample[..., channel])) > _FLAT_RANGE for channel in range(3)):
            self._flat_since_s = None
        elif self._flat_since_s is None:
            self._flat_since_s = now_s

    def problem(self, now_s: float, after_s: float) -> str:
        """What has been wrong for at least ``after_s`` seconds, in words; empty when nothing has."""
        if self._flat_since_s is not None and now_s - self._flat_since_s >= after_s:
            return "The picture is one flat colour: check the cable to the processor."
        if self._repeats_since_s is not None and now_s - self._repeats_since_s >= after_s:
            return "The picture has stopped changing: it is frozen at the processor, or its signal is lost."
        return ""

    @property
    def since_s(self) -> float | None:
        """Since when pictures are flat, or else repeat each other; None while they do neither."""
        return self._flat_since_s if self._flat_since_s is not None else self._repeats_since_s

    def reset(self) -> None:
        """Forget all earlier pictures: the source was opened again."""
        self._last = self._repeats_since_s = self._flat_since_s = None


def _same(one: Picture, other: Picture) -> bool:
    pairs = list(zip(one.planes, other.planes, strict=False))
    if len(one.planes) != len(other.planes) or any(plane.shape != another.shape for plane, another in pairs):
        return False
    if not all(np.array_equal(plane[::_STEP, ::_STEP], another[::_STEP, ::_STEP]) for plane, another in pairs):
        return False  # cheap, and enough for nearly every picture
    return all(np.array_equal(plane, another) for plane, another in pairs)
