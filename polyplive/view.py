"""What a window is told of a session at one moment, recorded or live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from polyplive.types import Figures, SessionState

if TYPE_CHECKING:
    from polyplive.backends.base import EngineSpec
    from polyplive.types import Frame, Prediction, SourceInfo


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Everything that a window shows at one moment.

    ``frame`` is None until the first one is there. ``prediction`` is the frame's own where every frame waits for its
    result, and else the newest that is young enough; None where there is none. ``reason`` explains ``state`` in one
    line. ``position_s`` and ``duration_s`` are PTS in seconds, the latter None when unknown or live. ``generation``
    rises with every seek. ``notices`` are lines about sinks that failed and wishes that a device did not grant,
    oldest first. ``info`` and ``engine`` are None until the source or the model is open. ``dropped`` counts frames
    that were not shown (live: not processed), by cause.
    """

    frame: Frame | None = None
    prediction: Prediction | None = None
    state: SessionState = SessionState.READY
    reason: str = ""
    playing: bool = False
    position_s: float = 0.0
    duration_s: float | None = None
    generation: int = 0
    figures: Figures = field(default_factory=Figures)
    dropped: Mapping[str, int] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    info: SourceInfo | None = None
    engine: EngineSpec | None = None
