"""The contract of everything that takes results: six verbs, called by one thread in this order.

``open(session)``, then for each frame ``write(record)`` and, live, for each change of state ``note(note)``, then
``end(tally, reason)``, then ``close()``. ``close`` may come at any time, leaves what was written whole, and may be
called again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from polyplive.types import Frame, Image, Prediction, SessionState, SourceInfo, StageTimes, Tally


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """What is constant for a session: written at the head of events and reports.

    ``started`` is local wall-clock time in ISO 8601 with its offset from UTC.
    """

    source: SourceInfo
    model: str
    model_sha256: str
    backend: str
    version: str
    started: str


@dataclass(frozen=True, slots=True, eq=False)
class FrameRecord:
    """One processed frame as a sink gets it.

    ``composite`` is the compositor's image (uint8 [H, W, 3] BGR, the frame's size), None when no sink wants it.
    Delays are in milliseconds; None where there is no such delay (no window, offline).
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


class Sink(Protocol):
    """Takes results. Raises ``SinkError`` from ``open`` or ``write``; after that only ``close`` is called."""

    @property
    def wants_composite(self) -> bool:
        """Whether ``FrameRecord.composite`` must be filled."""
        ...

    def open(self, session: SessionInfo) -> None:
        """Create the file; refuse clearly when that is not possible."""
        ...

    def write(self, record: FrameRecord) -> None:
        """Take one frame, in order."""
        ...

    def note(self, note: SessionNote) -> None:
        """Take a change of the session's state."""
        ...

    def end(self, tally: Tally, reason: str) -> None:
        """Take the closing figures; ``reason`` is "end of file", "frame limit", "stopped" or an error's text."""
        ...

    def close(self) -> None:
        """Flush and close."""
        ...
