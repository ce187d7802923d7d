"""What the picture itself says in each state, of a live session and of a recording."""

from __future__ import annotations

import dataclasses

import pytest
from colour_engine import ColourEngine

from polyplive.gui.session.state_banner import live_banner, replay_banner, waiting_message
from polyplive.sessions.live.savings import Late, Saving
from polyplive.sessions.view import View
from polyplive.types import SessionState

LATE = Late(310.4, 200.0, Saving.FASTER_MODEL)


@pytest.mark.parametrize(
    ("view", "title", "lines", "is_lost"),
    [
        (
            View(state=SessionState.RECONNECTING, reason="gone.", picture_age_s=12.4, next_try_s=2.1),
            "No signal",
            ("last picture 12 s ago \u00b7 next try in 3 s", "gone."),
            True,
        ),
        (
            View(state=SessionState.RECONNECTING, reason="gone.", picture_age_s=12.4, next_try_s=0.0),
            "No signal",
            ("last picture 12 s ago \u00b7 trying now", "gone."),
            True,
        ),
        (
            View(state=SessionState.NO_SIGNAL, reason="flat.", picture_age_s=3.0),
            "No signal",
            ("last picture 3 s ago", "flat."),
            True,
        ),
        (
            View(state=SessionState.FAULT, reason="crashed.", next_try_s=0.4),
            "No overlay: the model failed",
            ("next try in 1 s",),
            False,
        ),
        (View(state=SessionState.OVERLAY_OFF), "Overlay off", (), False),
        (View(state=SessionState.STALE, reason="late."), "No overlay: the model opens", (), False),
        (View(state=SessionState.STALE, late=LATE), "Overlay 310 ms late, allowed 200", (), False),
        (View(state=SessionState.READY, late=LATE), "Overlay 310 ms late, allowed 200", (), False),
    ],
)
def test_live(view: View, title: str, lines: tuple[str, ...], is_lost: bool) -> None:
    banner = live_banner(view, visible=True)
    assert banner is not None
    assert (banner.title, banner.lines, banner.is_lost) == (title, lines, is_lost)


def test_live_where_all_is_well_nothing_is_said() -> None:
    assert live_banner(View(reason="heatmap on every second frame"), visible=True) is None


def test_an_overlay_that_was_just_switched_off_is_said_before_the_session_says_so() -> None:
    banner = live_banner(View(state=SessionState.READY), visible=False)
    assert banner is not None
    assert banner.title == "Overlay off"


@pytest.mark.parametrize(
    ("state", "visible", "title"),
    [
        (SessionState.PAUSED, True, "Paused"),
        (SessionState.PAUSED, False, "Paused \u00b7 Overlay off"),
        (SessionState.READY, False, "Overlay off"),
        (SessionState.ENDED, False, "Overlay off"),
        (SessionState.STALE, True, "No overlay: the model opens"),
        (SessionState.STALE, False, "Overlay off"),
        (SessionState.FAULT, True, "Fault"),
        (SessionState.READY, True, None),
        (SessionState.ENDED, True, None),
    ],
)
def test_a_recording(state: SessionState, visible: bool, title: str | None) -> None:
    banner = replay_banner(View(state=state, reason="why"), visible=visible)
    assert (banner.title if banner is not None else None) == title


def test_a_recording_whose_model_is_open_waits_for_results() -> None:
    banner = replay_banner(View(state=SessionState.STALE, engine=ColourEngine().spec), visible=True)
    assert banner is not None
    assert banner.title == "No overlay: results are late"


def test_a_recording_that_plays_without_its_model_has_no_overlay() -> None:
    banner = replay_banner(View(state=SessionState.FAULT, reason="why", playing=True), visible=True)
    assert banner is not None
    assert (banner.title, banner.lines) == ("No overlay", ("why",))


def test_before_the_first_picture_the_next_try_is_said_too() -> None:
    view = View(state=SessionState.RECONNECTING, reason="'card' is used by another program.", next_try_s=3.2)
    assert waiting_message(view) == ("Waiting for the source", "next try in 4 s\n'card' is used by another program.")
    assert waiting_message(dataclasses.replace(view, state=SessionState.STALE, next_try_s=None))[0] == "Opening"
