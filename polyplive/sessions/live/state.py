"""The state of a live session: which state follows from source, engine and results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive.types import SessionState

if TYPE_CHECKING:
    from polyplive.config import LiveSettings
    from polyplive.sessions.engine_room.supervisor import EngineStatus
    from polyplive.sessions.live.freshness import Freshness


@dataclass(slots=True)
class SourceStatus:
    """The status of the source at one moment. Times are ``time.monotonic()``.

    ``opening``: a thread is in the call that opens it. ``failure`` says why it is not open, ``due_s`` when it is opened
    next. ``signal`` says what has been wrong with its pictures since ``signal_since_s``.
    """

    is_open: bool = False
    opening: bool = False
    opens: int = 0
    began_s: float = 0.0
    newest_s: float | None = None
    failure: str = ""
    due_s: float | None = None
    signal: str = ""
    signal_since_s: float | None = None

    def silent_s(self, now_s: float) -> float:
        """Seconds since the last frame, or since opening began."""
        return now_s - max(self.began_s, self.newest_s if self.newest_s is not None else 0.0)

    def picture_age_s(self, now_s: float) -> float | None:
        """Seconds since the last picture that showed anything new; None before the first."""
        if self.signal and self.signal_since_s is not None:
            return now_s - self.signal_since_s
        return None if self.newest_s is None else now_s - self.newest_s


def next_try_s(
    state: SessionState, source: SourceStatus, engine: EngineStatus, settings: LiveSettings, now_s: float
) -> float | None:
    """Seconds until whatever failed is tried again: 0 while it is being tried, None where nothing is waited for."""
    if state is SessionState.FAULT:
        due_s = engine.due_s
    elif state not in (SessionState.NO_SIGNAL, SessionState.RECONNECTING) or source.signal:
        return None
    elif source.is_open:
        due_s = now_s - source.silent_s(now_s) + settings.reopen_s
    else:
        due_s = source.due_s
    return max(0.0, due_s - now_s) if due_s is not None else 0.0


def state_of(
    source: SourceStatus,
    engine: EngineStatus,
    settings: LiveSettings,
    now_s: float,
    visible: bool,
    freshness: Freshness,
) -> tuple[SessionState, str]:
    """The session's state and its reason in one line. A fault of the video takes precedence over one of the overlay.

    ``visible`` is whether the overlay is switched on. ``freshness`` follows the results.
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
    if freshness.look(now_s):
        return SessionState.READY, ""
    if engine.starts <= 1 and not engine.is_open:
        return SessionState.STALE, engine.doing or "The model is being opened; the overlay follows."
    return SessionState.STALE, _why_stale(engine, settings.max_age_ms, now_s, freshness)


def _why_stale(engine: EngineStatus, max_age_ms: float, now_s: float, freshness: Freshness) -> str:
    if freshness.hold_s and not freshness.is_late(now_s):
        late = f"Results came later than {max_age_ms:.0f} ms"
        return f"{late}: no overlay is drawn until they have come well in time for {freshness.hold_s:.0f} s."
    busy_s = engine.busy_s(now_s)
    doing = f" The model has worked on one frame for {busy_s:.1f} s." if busy_s * 1e3 > max_age_ms else ""
    return f"No result is younger than {max_age_ms:.0f} ms: no overlay is drawn.{doing}"
