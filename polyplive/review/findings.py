"""What was found in each frame of a recording, as its events say; the ground that tracks stand on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from polyplive.types import Detection


@dataclass(frozen=True, slots=True, eq=False)
class FrameFindings:
    """The findings of one processed frame.

    ``index`` counts the source's frames from 0; ``time_s`` is its time in the video in seconds. ``width`` and
    ``height`` are its size in pixels, in which the detections' places are. A detection's ``track`` is the number that
    the events give it, which a seek or an occlusion may have changed. ``with_map`` is as in ``Prediction``,
    None where the events do not say it.
    """

    index: int
    time_s: float
    width: int
    height: int
    detections: tuple[Detection, ...] = ()
    with_map: bool | None = None
