"""The protocol of sinks, which take results: five methods, called by one thread in this order.

``open(session)``, then for each frame ``write(record)`` and, live, ``note(note)`` for each change of state,
each step of the governor and each mark, then
``end(tally, reason)``, then ``close()``. ``close`` may be called at any time and again; what was written stays usable.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.config import CamTarget, PipelineSettings
    from polyplive.types import Frame, Image, Prediction, SessionState, SourceInfo, StageTimes, Tally


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """The constant facts of a session, at the head of events and reports.

    ``started`` is local wall-clock time in ISO 8601 with its offset from UTC. ``precision`` is that of the arithmetic.
    ``pipeline`` are the settings that frames were processed with, None where there was no model. ``cam_target`` is what
    heat explains.
    """

    source: SourceInfo
    model: str
    model_sha256: str
    backend: str
    version: str
    started: str
    precision: str = ""
    pipeline: PipelineSettings | None = None
    cam_target: CamTarget = "mask"


@dataclass(frozen=True, slots=True, eq=False)
class FrameRecord:
    """One frame as a sink gets it.

    ``composite`` is the compositor's image (uint8 [H, W, 3] BGR, the frame's size), None when no sink wants it. Delays
    are in milliseconds from the frame's read: the video delay until the frame was on screen, the annotation delay until
    its result was. Each is None where that never happened. Without a screen there is no video delay. The annotation
    delay then ends when the result is there, and drawn if a sink wants that.
    """

    frame: Frame
    prediction: Prediction | None
    composite: Image | None
    stages: StageTimes
    video_delay_ms: float | None = None
    annotation_delay_ms: float | None = None


@dataclass(frozen=True, slots=True)
class SessionNote:
    """At ``at_s`` (``time.monotonic()``, the clock of ``captured_s``) the session became ``state`` for ``reason``."""

    at_s: float
    state: SessionState
    reason: str


@dataclass(frozen=True, slots=True)
class GovernorStep:
    """At ``at_s`` the session began to do less, or more again, for ``reason``, to keep its results young.

    From then on ``model`` runs, and every ``heatmap_every``-th frame has a heatmap of its own (1: each).
    """

    at_s: float
    model: str
    model_sha256: str
    heatmap_every: int
    reason: str


@dataclass(frozen=True, slots=True)
class Mark:
    """What a person marked in a session, at ``at_s`` (``time.monotonic()``).

    ``number`` counts from 1; of several with the same number the last one counts. ``index`` and ``pts_s`` are those of
    the frame that was on screen, or without a screen of the newest one; None before the first frame. ``text`` may be
    empty.
    """

    number: int
    at_s: float
    index: int | None
    pts_s: float | None
    text: str = ""


Note: TypeAlias = SessionNote | GovernorStep | Mark
"""What happens in a session between frames."""


class Content(Enum):
    """What a sink's file holds; ``value`` is its word."""

    OVERLAY = "overlay"
    RAW = "raw"
    EVENTS = "events"
    REPORT = "report"

    @property
    def is_video(self) -> bool:
        """Whether it is a recording of pictures."""
        return self in (Content.OVERLAY, Content.RAW)


class Sink(ABC):
    """Takes results. Raises ``SinkError`` from ``open`` or ``write``; after that only ``close`` is called.

    The methods that are not abstract do nothing unless a class defines them.
    """

    @property
    def wants_composite(self) -> bool:
        """Whether ``FrameRecord.composite`` must be filled."""
        return False

    @property
    def waiting(self) -> int:
        """How many frames were taken and are not written yet; any thread."""
        return 0

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that it has written so far, in order, to be named to the user; any thread."""
        return ()

    @property
    def content(self) -> Content | None:
        """What its files hold, to be named to the user; None where there is no word for it."""
        return None

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The marks that its files hold for other programs; any thread."""
        return ()

    @abstractmethod
    def open(self, session: SessionInfo) -> None:
        """Create the file. Raises ``SinkError`` if that is not possible."""

    @abstractmethod
    def write(self, record: FrameRecord) -> None:
        """Take one frame, in order."""

    def note(self, note: Note) -> None:  # noqa: B027
        """Take what happened in the session between frames."""

    def end(self, tally: Tally, reason: str) -> None:  # noqa: B027
        """Take the closing figures; ``reason`` is "end of file", "frame limit", "stopped" or an error's text."""

    @abstractmethod
    def close(self) -> None:
        """Write all waiting frames, and close."""
