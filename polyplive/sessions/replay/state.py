"""The state of a player, derived from what it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.types import SessionState

if TYPE_CHECKING:
    from polyplive.types import Frame, Prediction


def closing_reason(failure: str, *, ended: bool, is_limited: bool) -> str:
    """Why a player's recording ends; ``is_limited``: it plays so many frames and no more."""
    if failure:
        return f"error: {failure}"
    return "stopped" if not ended else "frame limit" if is_limited else "end of file"


def state_of(
    failure: str,
    shown: tuple[Frame, Prediction | None] | None,
    *,
    playing: bool,
    ended: bool,
    awaits: bool,
    max_age_ms: float,
    early: Frame | None = None,
) -> tuple[SessionState, str]:
    """The state, and its reason in one line.

    ``failure`` says why video or overlay are missing, and is empty if they are not. ``shown`` is the frame on screen
    with its result, if any; ``early`` is the one that is there before a model. ``awaits``: no frame has come for a
    while from a file that is still being written.
    """
    if failure:
        return SessionState.FAULT, failure
    if ended:
        return SessionState.ENDED, "The video is over; play starts it again."
    if shown is None and early is not None:
        return SessionState.STALE, "The model is being opened: no overlay is drawn."
    if shown is None:
        return (
            SessionState.READY,
            "Opening the video and the model. A machine's first start also measures what keeps up on it.",
        )
    if not playing:
        return SessionState.PAUSED, ""
    if awaits:
        return SessionState.READY, "Waiting for the recording to go on."
    if shown[1] is None:
        return SessionState.STALE, f"No result is younger than {max_age_ms:.0f} ms: no overlay is drawn."
    return SessionState.READY, ""
