"""What is known of the source and of the engine at one moment, and the state that follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive.types import SessionState

if TYPE_CHECKING:
    from polyplive.config import LiveSettings


@dataclass(slots=True)
class SourceFacts:
    """Times are ``time.monotonic()``.

    ``opening``: a thread is in the call that opens it. ``failure`` is why it is not open, ``signal`` what its pictures
    show amiss.
    """

    is_open: bool = False
    opening: bool = False
    opens: int = 0
    began_s: float = 0.0
    newest_s: float | None = None
    failure: str = ""
    signal: str = ""

    def silent_s(self, now_s: float) -> float:
        """Seconds since the last frame, or since it began to be opened."""
        return now_s - max(self.began_s, self.newest_s if self.newest_s is not None else 0.0)


@dataclass(slots=True)
class EngineFacts:
    """``busy_since_s`` is when it took the frame that it works on; ``failure`` why it gives no results."""

    is_open: bool = False
    starts: int = 0
    began_s: float = 0.0
    busy_since_s: float | None = None
    failures_in_a_row: int = 0
    failure: str = ""
    base_memory_mib: float | None = None

    def silent_s(self, now_s: float) -> float:
        """Seconds that it has worked on one frame, or on being opened."""
        if self.is_open:
            return now_s - self.busy_since_s if self.busy_since_s is not None else 0.0
        return now_s - self.began_s


def state_of(
    source: SourceFacts,
    engine: EngineFacts,
    settings: LiveSettings,
    now_s: float,
    visible: bool,
    prediction_age_s: float | None,
) -> tuple[SessionState, str]:
    """The session's state and its reason in one line. What stops the video comes before what stops the overlay.

    ``visible`` is whether the overlay is switched on, ``prediction_age_s`` how old the newest result's frame is.
    """
    if not source.is_open and source.failure:
        return SessionState.RECONNECTING, source.failure
    if not source.is_open and source.opens == 0:
        return SessionState.RECONNECTING, "The source is being opened."
    silent_s = source.silent_s(now_s)
    if not source.is_open or silent_s >= settings.no_signal_s:
        return SessionState.NO_SIGNAL, f"No picture has come for {silent_s:.1f} s."
    if source.signal:
        return SessionState.NO_SIGNAL, source.signal
    if engine.failure:
        return SessionState.FAULT, engine.failure
    if not visible:
        return SessionState.OVERLAY_OFF, ""
    if prediction_age_s is not None and prediction_age_s * 1e3 <= settings.max_age_ms:
        return SessionState.READY, ""
    if engine.starts <= 1 and not engine.is_open:
        return SessionState.STALE, "The model is being opened; the overlay follows."
    busy_s = engine.silent_s(now_s)
    doing = f" The model has worked on one frame for {busy_s:.1f} s." if busy_s * 1e3 > settings.max_age_ms else ""
    return SessionState.STALE, f"No result is younger than {settings.max_age_ms:.0f} ms: no overlay is drawn.{doing}"
