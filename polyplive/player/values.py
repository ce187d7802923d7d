"""What a player is told, and what it tells a window: frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from polyplive.types import OverlaySettings

if TYPE_CHECKING:
    from polyplive.types import Frame, Prediction

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Multiples of the source's pace that a window offers."""


class Mode(Enum):
    """How video and inference go together."""

    EVERY_FRAME = "every frame"
    """Each frame is shown with its own result; slower than the source where the machine is."""
    KEEP_PACE = "keep pace"
    """The source's pace, with the newest result there is."""


@dataclass(frozen=True, slots=True)
class PlayerSettings:
    """How playback begins.

    ``start_s`` is a PTS in seconds; ``frames`` how many frames there are to play from there (None: to the end).
    ``threshold`` is the probability of a contour (None: the pipeline's own). ``overlay`` is what recordings draw.
    ``max_age_ms``: at the source's pace a result is shown on frames up to so much later, by the source's clock.
    ``views_ahead``: how many views may wait for ``Player.shown`` before playback waits for the window; None: any.
    """

    start_s: float = 0.0
    frames: int | None = None
    playing: bool = True
    mode: Mode = Mode.EVERY_FRAME
    speed: float = 1.0
    cam: bool = True
    threshold: float | None = None
    overlay: OverlaySettings = field(default_factory=OverlaySettings)
    max_age_ms: float = 250.0
    views_ahead: int | None = None


def annotation_delay_ms(frame: Frame, prediction: Prediction) -> float:
    """From the frame's read until its own result, in milliseconds, as headless replay and live sessions count it.

    A frame that was read ahead waits for the one before it: that is part of it; the wait until it is due is not.
    """
    return (prediction.completed_s - frame.captured_s) * 1e3
