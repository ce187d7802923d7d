"""What a live window says when something is wrong: without a frame, in one step of its timer, and until it is well."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from live_rig import PATIENT, PATIENT_MS
from live_window import WindowRig, stream
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication
from true_circles import seen
from window_driver import PATIENCE_MS, Key, press

from polyplive.config import LiveSettings
from polyplive.errors import SourceLost
from polyplive.gui.session import announcer, status_strip
from polyplive.sessions.live import capture, lateness
from polyplive.types import SessionState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from polyplive.gui.session.live_page import LivePage
    from polyplive.gui.view.banner import Banner

Opener = "Callable[..., tuple[WindowRig, LivePage]]"


@pytest.fixture
def opened(nothing_left: None, qtbot, tmp_path: Path) -> Iterator[Opener]:
    """Makes a page whose session has a result."""
    made: list[tuple[WindowRig, LivePage]] = []

    def opener(settings: LiveSettings = PATIENT) -> tuple[WindowRig, LivePage]:
        feeder = WindowRig(tmp_path / "snapshots", settings=settings)
        window = feeder.open()
        made.append((feeder, window))
        with qtbot.waitActive(window, timeout=PATIENCE_MS):
            window.show()
        window.start()
        stream(qtbot, feeder, lambda: window.display.view.engine is not None)
        return feeder, window

    yield opener
    for feeder, window in made:
        feeder.ending.set()
        window.close()
        assert feeder.session.close(PATIENCE_MS / 1000) == ()
        window.deleteLater()


def banner_of(window: LivePage) -> Banner | None:
    return window.video.contents.said.banner


def figures(window: LivePage) -> list[str]:
    bar = window.bar
    return [label.text() for label in (bar.live, bar.rate, bar.video, bar.annotation)]


def test_after_an_unplug_one_step_of_the_timer_dims_the_last_frame_and_blanks_what_no_longer_holds(
    qtbot, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture, "FIRST_DELAY_S", 0.01)
    monkeypatch.setattr(capture, "LONGEST_DELAY_S", 0.05)
    feeder, window = opened()
    stream(qtbot, feeder, lambda: window.display.view.prediction is not None and "p99" in window.bar.annotation.text())
    assert banner_of(window) is None
    assert window.bar.live.text() == "LIVE"
    qtbot.waitUntil(lambda: window.display.view.frame.index == feeder.sent - 1, timeout=PATIENCE_MS)
    window.run_command("toggle_visible")
    window.run_command("toggle_visible")
    light, frame = seen(window.video).mean(), window.display.view.frame
    feeder.is_unplugged = True
    feeder.feed.put(SourceLost("'card' gives no more frames", "Check the cable."))
    feeder.wait(lambda: feeder.session.state[0] is SessionState.RECONNECTING)  # Qt's loop does not run meanwhile
    window._timer.timeout.emit()
    assert window.display.view.frame is frame, "no frame has come"
    banner = banner_of(window)
    assert banner is not None
    assert banner.title == "No signal"
    assert banner.is_lost
    assert re.fullmatch(r"last picture \d+ s ago \u00b7 (next try in \d+ s|trying now)", banner.lines[0])
    assert seen(window.video).mean() < 0.5 * light
    assert figures(window) == ["", "- fps", "Video -", "Annotation -"]
    assert window.strip.state.text() == "Reconnecting"
    age_s = window.display.view.picture_age_s
    qtbot.waitUntil(lambda: window.display.view.picture_age_s > age_s, timeout=PATIENCE_MS)
    feeder.is_unplugged = False
    stream(qtbot, feeder, lambda: banner_of(window) is None and window.bar.live.text() == "LIVE")


def test_a_source_that_hangs_is_counted_down_to_its_next_opening(qtbot, opened: Opener) -> None:
    settings = LiveSettings(PATIENT_MS, no_signal_s=0.05, reopen_s=1e5, engine_timeout_s=1e5, governor=False)
    _, window = opened(settings)
    qtbot.waitUntil(lambda: banner_of(window) is not None and banner_of(window).is_lost, timeout=PATIENCE_MS)
    first = window.display.view.next_try_s
    assert 0 < first < 1e5
    qtbot.waitUntil(lambda: window.display.view.next_try_s < first, timeout=PATIENCE_MS)
    assert banner_of(window).lines[1].startswith("No picture has come")


def test_an_overlay_that_is_off_is_said_and_its_switches_look_off(qtbot, opened: Opener) -> None:
    feeder, window = opened()
    press(window, qtbot, Key.Key_O)
    assert banner_of(window).title == "Overlay off"
    stream(qtbot, feeder, lambda: window.strip.state.text() == "Overlay off")
    drawn = {"contour", "mask", "heatmap", "scores", "legend"}
    assert {name for name, switch in window.panel.switches.items() if not switch.isEnabled()} >= drawn
    assert window.panel.switches["visible"].isEnabled()
    assert not window.panel.opacity.isEnabled()
    press(window, qtbot, Key.Key_O)
    stream(qtbot, feeder, lambda: banner_of(window) is None)
    stream(qtbot, feeder, lambda: all(window.panel.switches[name].isEnabled() for name in drawn))


def test_lasting_delays_are_shown_with_a_button_that_does_something_about_them(
    qtbot, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lateness, "WINDOW_S", 0.2)
    monkeypatch.setattr(lateness, "HANGS_S", 1e5)
    feeder, window = opened(LiveSettings(1e-3, 1e5, 1e5, 1e5, governor=False))
    assert window.late.isHidden()
    stream(qtbot, feeder, lambda: window.late.isVisible())
    stream(qtbot, feeder, lambda: "late, allowed 0" in banner_of(window).title)
    assert "ms old most of the time" in window.late.text.text()
    assert window.late.button.text() == "Heatmap on every fourth frame"
    qtbot.mouseClick(window.late.button, Qt.MouseButton.LeftButton)
    stream(qtbot, feeder, lambda: any("Chosen: heatmap on every fourth" in line.text for line in window.log.newest()))
    stream(qtbot, feeder, lambda: window.late.isVisible() and window.late.button.isHidden())
    assert "Nothing is left" in window.late.text.text()


def test_a_new_finding_is_announced_only_where_it_was_asked_for(
    qtbot, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    beeps: list[None] = []
    monkeypatch.setattr(QApplication, "beep", lambda: beeps.append(None))
    monkeypatch.setattr(announcer, "GLOW_MS", 30)
    feeder, window = opened()
    stream(qtbot, feeder, lambda: window.display.view.prediction is not None)
    found = window.display.view.prediction
    assert found.detections
    assert beeps == []
    assert not window.video.contents.said.glows
    press(window, qtbot, Key.Key_G)
    press(window, qtbot, Key.Key_A)
    window.announcer.see(found)
    assert beeps == [], "it is known"
    window.announcer._highest = 0
    window.announcer.see(found)
    assert len(beeps) == 1
    assert window.video.contents.said.glows
    qtbot.waitUntil(lambda: not window.video.contents.said.glows, timeout=PATIENCE_MS)
    stream(qtbot, feeder, lambda: all(switch.isChecked() for switch in window.panel.announcements.values()))
    window.announcer._highest = 0
    window.announcer.see(None)
    assert len(beeps) == 1
    press(window, qtbot, Key.Key_G)
    assert not window.announcer.glow


def test_the_details_are_one_key_away(qtbot, opened: Opener) -> None:
    feeder, window = opened()
    press(window, qtbot, Key.Key_D)
    assert window.details.isVisible()
    assert "Model: " in window.details.events.toPlainText()
    window.session.warned("not in the window")
    press(window, qtbot, Key.Key_A)
    stream(qtbot, feeder, lambda: "A new finding beeps." in window.details.events.toPlainText())


def test_messages_fade_errors_stay_until_they_are_read_and_nothing_hides_the_reason(
    qtbot, qapp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status_strip, "MESSAGE_S", 0.02)
    strip = status_strip.StatusStrip()
    qtbot.addWidget(strip)
    strip.resize(800, 30)
    strip.show()
    reason = "'/dev/v4l/by-id/a_very_long_name' gives no more frames (No such device). Check the cable. " * 2
    strip.show_state(SessionState.RECONNECTING, reason)
    strip.show_text("Frame 3 of 20")
    strip.show_notices(("asked for 60, the device grants 30", "the disk is full"))
    strip.say("The disk is full.", is_error=True)
    strip.say("Saved.")
    assert strip.text.text() == "Saved."
    qtbot.waitUntil(lambda: strip.text.text() == "The disk is full.", timeout=PATIENCE_MS)
    assert strip.reason.text() == strip.reason.toolTip() == reason
    assert strip.notices.text() == "2 notices"
    assert "the disk is full" in strip.notices.toolTip()
    parts = [strip.state, strip.reason, strip.text, strip.notices, strip.notice]
    for part, following in pairwise(parts):
        assert part.isVisible()
        assert part.width() >= 20
        assert part.geometry().right() < following.geometry().left()
    told: list[str] = []
    strip.command.connect(told.append)
    strip.notices.click()
    assert told == ["details"]
    qtbot.mouseClick(strip.text, Qt.MouseButton.LeftButton)
    assert strip.text.text() == "Frame 3 of 20"
