"""How a player plays: its mode, its speeds and its settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from polyplive.types import OverlaySettings

if TYPE_CHECKING:
    pass

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Multiples of the source's pace that a window offers."""


class Mode(Enum):
    """How playback and inference are combined."""

    EVERY_FRAME = "every frame"
    """Each frame is shown with its own result; playback is slower than the source if the machine is too slow."""
    KEEP_PACE = "keep pace"
    """Frames are shown at the source's rate, each with the newest result so far."""


@dataclass(frozen=True, slots=True)
class PlayerSettings:
    """How playback begins.

    ``start_s`` is a PTS in seconds; ``frames`` how many frames there are to play from there (None: to the end).
    ``threshold`` is the probability of a contour (None: the pipeline's own). ``overlay`` is what recordings draw.
    ``max_age_ms``: in mode ``KEEP_PACE`` a result is shown on frames up to that many milliseconds later, by the
    source's clock. ``views_ahead``: how many views may wait for ``Player.shown`` before playback waits for the window
    (None: any number). With ``full_paths`` sinks are told reasons with the folders of files.
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
    full_paths: bool = False
