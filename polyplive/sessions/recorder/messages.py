"""What a session passes to its recorders: frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from polyplive.types import Hud

if TYPE_CHECKING:
    from polyplive.sinks.base import Note, SessionInfo
    from polyplive.types import Frame, OverlaySettings, Prediction, Tally


@dataclass(frozen=True, slots=True)
class FrameDelays:
    """The delays of one frame, in milliseconds from its read.

    ``video_ms`` ends when the frame was on screen, ``annotation_ms`` when its result was; None: never.
    """

    video_ms: float | None = None
    annotation_ms: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RecordedFrame:
    """A frame to record, with what is drawn on it.

    ``prediction`` is None where the frame has none. ``session`` is None until it is known. ``delays`` are those of a
    live session; None lets the recorder measure how long the frame's result took.
    """

    frame: Frame
    prediction: Prediction | None
    overlay: OverlaySettings
    hud: Hud = field(default_factory=Hud)
    session: SessionInfo | None = None
    delays: FrameDelays | None = None


@dataclass(frozen=True, slots=True, eq=False)
class CapturedFrame(RecordedFrame):
    """A frame of a live session when it was read, with what is drawn on it at that moment; for videos."""


@dataclass(frozen=True, slots=True, eq=False)
class ProcessedFrame(RecordedFrame):
    """A frame with its own result, once both of its delays are known; for events and reports."""


@dataclass(frozen=True, slots=True)
class SessionBegin:
    """The beginning of a recording of a session that is known already: its files are made at once."""

    session: SessionInfo


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """The end of a session or of its recording; ``session`` is None when no source or no model was ever opened."""

    tally: Tally
    reason: str
    session: SessionInfo | None


RecorderMessage: TypeAlias = "RecordedFrame | Note | SessionBegin | SessionEnd"
