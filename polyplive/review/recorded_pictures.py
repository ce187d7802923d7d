"""A picture of each track out of the recording: its best frame with the outline that was found there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polyplive.overlay.compositor import compose
from polyplive.review.track_pictures import as_jpeg, small_picture
from polyplive.types import OverlaySettings, Prediction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from polyplive.review.key_frames import KeyFrame
    from polyplive.review.track_pictures import Jpeg

_AS_OUTLINE = OverlaySettings(mask=False, heatmap=False)


def recorded_pictures(frames: Mapping[int, KeyFrame]) -> dict[int, Jpeg]:
    """By the number of the track: its key frame's field of view as a JPEG, outlined and labelled with that number."""
    pictures = {}
    for number, key in frames.items():
        drawn = compose(key.frame, _prediction(key), _AS_OUTLINE)
        jpeg = as_jpeg(small_picture(drawn, key.roi, key.frame.sample_aspect))
        if jpeg is not None:
            pictures[number] = jpeg
    return pictures


def _prediction(key: KeyFrame) -> Prediction:
    """What the compositor draws outlines of; it has no map."""
    nothing: NDArray[np.float32] = np.zeros((1, 1), np.float32)
    return Prediction(key.frame.index, key.roi, nothing, None, 1.0, 0.5, key.detections, 0.0)
