"""Heat that is steadied over time and goes with the picture, for display: a map of one frame alone flickers."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from polyplive.overlay.heat_levels import heat_of
from polyplive.pipeline.picture_motion import grey_of, motion_between, moved

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from polyplive.types import FloatMap, Frame, Prediction, Roi

NEWEST = 0.45
"""What the newest map weighs; what was shown before, moved with the picture, has the rest.

Two frames after a jump of the map 83% of it is shown (1 - 0.55 to the third).
"""

LONGEST_S = 0.25
"""Frames that lie further apart are not steadied with each other."""

_MOST_FRAMES = 6
"""The same where their source has no clock."""


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class _Shown:
    """A frame, its brightness, and the heat that was shown on it."""

    frame: Frame
    prediction: Prediction
    grey: NDArray[np.uint8]
    heat: FloatMap


class SteadyHeat:
    """Gives each prediction its ``steady_heat``, frame after frame, in one thread. The raw map stays as it is.

    It begins anew, with the raw map, where frames do not follow each other (a cut, a seek, a gap, another size or
    region, another model) and where a finding is new: that one's heat is not to rise slowly. The same frames in the
    same order give the same heat. It takes less than a millisecond a frame.
    """

    def __init__(self) -> None:
        self._last: _Shown | None = None
        self._tracks: set[int] = set()

    def reset(self) -> None:
        """Forget what was shown."""
        self._last = None

    def steadied(self, frame: Frame, prediction: Prediction) -> Prediction:
        """``prediction``, which is of ``frame``, with the heat to show. One without a map stays as it is.

        A map that was passed on from an earlier frame is no news: what was shown goes on with the picture.
        """
        raw = heat_of(prediction)
        if raw is None:
            self.reset()
            return prediction
        grey = grey_of(frame, prediction.cam_roi)
        heat = self._heat(frame, prediction, raw, grey)
        self._tracks = {one.track for one in prediction.detections} | self._tracks
        self._last = _Shown(frame, prediction, grey, heat)
        return dataclasses.replace(prediction, steady_heat=heat)

    def _heat(self, frame: Frame, prediction: Prediction, raw: FloatMap, grey: NDArray[np.uint8]) -> FloatMap:
        last = self._last
        if last is None or not _follows(last, frame, prediction, raw):
            self._tracks = set()
            return raw
        if not {one.track for one in prediction.detections} <= self._tracks:
            return raw
        motion = motion_between(last.grey, grey)
        if motion is None:
            return raw
        carried = moved(last.heat, motion)
        if prediction.cam_of is not None:
            return carried
        heat: FloatMap = carried + (raw - carried) * NEWEST
        return heat


def _follows(last: _Shown, frame: Frame, prediction: Prediction, raw: FloatMap) -> bool:
    """Whether a frame comes soon after the last one, with a map that can be compared."""
    before = last.prediction
    if _facts(before) != _facts(prediction) or last.heat.shape != raw.shape or frame.shape != last.frame.shape:
        return False
    if frame.pts_s is not None and last.frame.pts_s is not None:
        return 0 < frame.pts_s - last.frame.pts_s <= LONGEST_S
    return 0 < frame.index - last.frame.index <= _MOST_FRAMES


def _facts(prediction: Prediction) -> tuple[int, str, Roi]:
    return prediction.run, prediction.model_sha256, prediction.cam_roi
