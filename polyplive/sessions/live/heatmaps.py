"""Which live frames get a heatmap of their own, and which map is shown on those between."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from polyplive.types import MapOrigin

if TYPE_CHECKING:
    from polyplive.types import Frame, Prediction


class Heatmaps:
    """Every ``every``-th frame gets a heatmap of its own; those between show the last map. Used under a lock.

    A map is passed on only to frames that still hold a finding of its own frame (or, like that, none), and only while
    that frame was read at most ``max_age_s`` before. A new finding gets a map in the next frame, whatever the turn.
    """

    def __init__(self, max_age_s: float) -> None:
        self.every = 1
        self.computed = self.wanted = 0
        """How many frames had a map of their own, and how many would have had one in every frame."""
        self._max_age_s = max_age_s
        self.reset()

    def reset(self) -> None:
        """The next frame gets a map: frames or maps stop following each other."""
        self._last: tuple[Frame, Prediction] | None = None
        self._since = 0
        self._is_lacking = True

    def is_due(self) -> bool:
        """Whether the next frame is to get a map."""
        return self._is_lacking or self._since + 1 >= self.every

    def completed(self, frame: Frame, prediction: Prediction, *, own: bool) -> Prediction:
        """The result of the next frame, with the last map where it got none of its ``own``."""
        self.wanted += 1
        if own:
            self.computed += 1
            self._since, self._is_lacking = 0, False
            self._last = (frame, prediction) if prediction.cam is not None else None
            return prediction
        self._since += 1
        tracks = {finding.track for finding in prediction.detections}
        if self._last is None:
            self._is_lacking = bool(tracks)
            return prediction
        origin, of = self._last
        mapped = {finding.track for finding in of.detections}
        self._is_lacking = not tracks <= mapped
        is_young = frame.captured_s - origin.captured_s <= self._max_age_s
        is_same = bool(tracks & mapped) if tracks or mapped else not prediction.withheld
        if not is_same or not is_young or prediction.size != of.size:
            return prediction
        found = MapOrigin(of.index, of.roi, origin.captured_s)
        return dataclasses.replace(prediction, cam=of.cam, cam_full_scale=of.cam_full_scale, cam_of=found)


def without_map_of_another(prediction: Prediction) -> Prediction:
    """``prediction`` without a map that was passed on to it."""
    if prediction.cam_of is None:
        return prediction
    return dataclasses.replace(prediction, cam=None, cam_of=None, steady_heat=None)
