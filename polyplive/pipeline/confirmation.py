"""When a finding has been there long enough to be shown: frames add up, each by its probability."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from polyplive.types import Contour, FloatMap, Roi

FULL_EVIDENCE = 0.8
"""How far from the threshold to 1 a score has to lie for a frame to count whole: at a threshold of 0.5, 0.9."""

FADING = 0.5
"""What a frame without the finding takes away again, until it is shown."""

_ROUNDING = 1e-9
"""Sums of weights may fall this far short of whole frames."""


def weight(score: float, threshold: float) -> float:
    """What a frame counts whose finding has this ``score``, in [0, 1]: nothing at the ``threshold``, at most 1."""
    return min(max((score - threshold) / (FULL_EVIDENCE * (1 - threshold)), 0.0), 1.0)


def certainty(contour: Contour, probability: FloatMap, roi: Roi, confirm_probability: float, min_area: float) -> float:
    """The mean probability inside ``contour`` where it is above ``confirm_probability``.

    ``probability`` is float32 [H, W] in [0, 1] over ``roi``, the contour in source pixels. The answer is 0 where
    that part is smaller than ``min_area`` of the map. The hysteresis of Canny (PAMI 1986, section VI): an outline
    reaches as far as the threshold, but only around something of higher probability.
    """
    shape = np.array(probability.shape[::-1], np.float64)
    places = (contour - (roi.x, roi.y) + 0.5) * shape / (roi.width, roi.height) - 0.5
    inside = np.zeros(probability.shape, np.uint8)
    cv2.fillPoly(inside, [np.rint(places).astype(np.int32)], 1)
    core = probability[(inside > 0) & (probability > confirm_probability)]
    return float(core.mean()) if core.size and core.size >= min_area * probability.size else 0.0


class Confirmation:
    """Adds up, for each track, the frames that it was found in; it is shown from ``min_frames`` on, and stays so.

    With a ``min_frames`` of 1 everything is shown at once. One thread.
    """

    def __init__(self, min_frames: int) -> None:
        self._min_frames = min_frames
        self._frames: dict[int, float] = {}

    def add(self, found: Mapping[int, float], alive: Collection[int]) -> None:
        """Take in the next frame: the ``weight`` of each track found in it. Tracks that are not ``alive`` are gone."""
        for track, counts in found.items():
            self._frames[track] = self._frames.get(track, 0.0) + counts
        for track, frames in list(self._frames.items()):
            if track not in alive:
                del self._frames[track]
            elif track not in found and not self.suffices(track):
                self._frames[track] = max(frames - FADING, 0.0)

    def suffices(self, track: int) -> bool:
        """Whether to show it."""
        return self._min_frames == 1 or self._frames.get(track, 0.0) >= self._min_frames - _ROUNDING

    def reset(self) -> None:
        """Forget everything."""
        self._frames.clear()
