"""What the picture itself says of a session's state: whenever nothing is marked on it, whatever there is to see."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from polyplive.gui.view.banner import Banner
from polyplive.types import SessionState

if TYPE_CHECKING:
    from polyplive.sessions.view import View

LOST = (SessionState.NO_SIGNAL, SessionState.RECONNECTING)
"""Live, what is on screen is no picture of now."""


def live_banner(view: View, *, visible: bool) -> Banner | None:
    """Of a live session; None while there is nothing to be said. ``visible``: the overlay is switched on."""
    state = view.state
    if state in LOST:
        lines = (" \u00b7 ".join(filter(None, (_age(view), countdown(view)))), view.reason)
        return Banner("No signal", state, tuple(filter(None, lines)), is_lost=True)
    if state is SessionState.FAULT:
        return Banner("No overlay: the model failed", state, tuple(filter(None, (countdown(view),))))
    if not visible or state is SessionState.OVERLAY_OFF:
        return Banner("Overlay off", SessionState.OVERLAY_OFF)
    if view.late is not None:
        late = view.late
        return Banner(f"Overlay {late.delay_ms:.0f} ms late, allowed {late.max_age_ms:.0f}", SessionState.STALE)
    if state is SessionState.STALE:
        return Banner(_no_overlay(view), state)
    return None


def replay_banner(view: View, *, visible: bool) -> Banner | None:
    """Of a recording; ``visible`` is whether the overlay is switched on."""
    off = "" if visible else "Overlay off"
    if view.state is SessionState.FAULT:
        return Banner("No overlay" if view.playing else "Fault", view.state, (view.reason,))
    if view.state is SessionState.PAUSED:
        return Banner(" \u00b7 ".join(filter(None, ("Paused", off))), view.state)
    if off:
        return Banner(off, SessionState.OVERLAY_OFF)
    if view.state is SessionState.STALE:
        return Banner(_no_overlay(view), view.state)
    return None


def waiting_message(view: View) -> tuple[str, str]:
    """What stands in the picture's place before the first one, live: a title, and more."""
    title = "Waiting for the source" if view.state in LOST else "Opening"
    return title, "\n".join(filter(None, (countdown(view), view.reason)))


def countdown(view: View) -> str:
    """When what failed is tried again; empty where nothing is."""
    if view.next_try_s is None:
        return ""
    return f"next try in {math.ceil(view.next_try_s)} s" if view.next_try_s > 0 else "trying now"


def _no_overlay(view: View) -> str:
    return "No overlay: " + ("results are late" if view.engine is not None else "the model opens")


def _age(view: View) -> str:
    return f"last picture {round(view.picture_age_s)} s ago" if view.picture_age_s is not None else ""
