"""The live window, driven offscreen, on a real session."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from faulty_engines import fail_to_open, faulty
from live_rig import PATIENT_MS, picture
from live_window import WindowRig, stream
from true_circles import SHAPES, check_round, disc, only_the_picture, seen
from window_driver import PATIENCE_MS

from polyplive.config import LiveSettings
from polyplive.gui.session.live_page import LivePage
from polyplive.sessions.live import governing, governor
from polyplive.types import SessionState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def rig(nothing_left: None, qtbot, tmp_path: Path) -> Iterator[tuple[WindowRig, LivePage]]:
    made = WindowRig(tmp_path / "snapshots")
    window = made.open()
    with qtbot.waitActive(window, timeout=PATIENCE_MS):
        window.show()
    window.start()
    yield made, window
    made.ending.set()
    window.close()
    assert made.session.close(PATIENCE_MS / 1000) == ()
    window.deleteLater()


def test_the_newest_frame_is_on_screen_with_its_overlay(qtbot, rig) -> None:
    feeder, window = rig
    stream(qtbot, feeder, lambda: window.display.view.prediction is not None)
    assert window.display.view.prediction.detections
    stream(qtbot, feeder, lambda: feeder.session.summary().shown > 20)
    stream(qtbot, feeder, lambda: window.strip.state.text() == "Ready")
    stream(qtbot, feeder, lambda: "p99" in window.bar.video.text() and "p99" in window.bar.annotation.text())
    qtbot.waitUntil(
        lambda: np.array_equal(window.display.view.frame.image, picture(feeder.sent - 1)), timeout=PATIENCE_MS
    )


def test_the_overlay_goes_with_one_key_and_the_video_stays(qtbot, rig) -> None:
    feeder, window = rig
    stream(qtbot, feeder, lambda: window.display.view.prediction is not None)
    window.run_command("toggle_visible")
    stream(qtbot, feeder, lambda: window.strip.state.text() == "Overlay off")
    shown = feeder.session.summary().shown
    stream(qtbot, feeder, lambda: feeder.session.summary().shown > shown + 10)
    window.run_command("toggle_visible")
    stream(qtbot, feeder, lambda: window.strip.state.text() == "Ready")


def test_what_the_governor_does_stays_in_the_strip(qtbot, nothing_left: None, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(governor, "WINDOW_S", 0.3)
    feeder = WindowRig(tmp_path, settings=LiveSettings(PATIENT_MS, delay_goal_ms=1e-3))  # nothing is that fast
    window = feeder.open()
    window.show()
    window.start()
    stream(qtbot, feeder, lambda: "heatmap on every fourth frame" in window.strip.reason.text())
    assert window.display.view.reason == window.strip.reason.text()
    monkeypatch.setattr(governing, "SAID_S", 0.0)
    stream(qtbot, feeder, lambda: not window.display.view.reason)
    stream(qtbot, feeder, lambda: "heatmap on every fourth frame" in window.strip.reason.text())
    feeder.ending.set()
    window.close()
    assert not window.problems, "it is no failure"
    window.deleteLater()


def test_a_lost_signal_is_said_in_words_with_its_reason(qtbot, rig) -> None:
    feeder, window = rig
    stream(qtbot, feeder, lambda: window.display.view.frame is not None)
    qtbot.waitUntil(lambda: window.strip.state.text() == "No signal", timeout=PATIENCE_MS)
    assert "No picture" in window.strip.state.toolTip()
    assert "No picture" in window.strip.reason.text()


def test_a_minimised_window_hides_frames_and_shows_them_again(qtbot, rig) -> None:
    feeder, window = rig
    stream(qtbot, feeder, lambda: feeder.session.summary().shown > 5)
    window.showMinimized()
    stream(qtbot, feeder, lambda: feeder.session.summary().unshown.get("hidden", 0) > 5)
    window.showNormal()
    shown = feeder.session.summary().shown
    stream(qtbot, feeder, lambda: feeder.session.summary().shown > shown + 5)


def test_snapshot_sound_and_help(qtbot, rig) -> None:
    feeder, window = rig
    stream(qtbot, feeder, lambda: window.display.view.prediction is not None)
    assert all(path.is_file() for path in window.save_snapshot().result(PATIENCE_MS / 1000))
    window.run_command("toggle_sound")
    assert window.sound
    window.show_help()
    texts = [label.text() for label in window.findChildren(type(window.bar.time))]
    assert "Beep at a new finding" in texts
    assert "Play or pause" not in texts


def test_a_hanging_engine_leaves_video_running_in_the_window(nothing_left, qtbot, tmp_path: Path) -> None:
    impatient = LiveSettings(max_age_ms=300, no_signal_s=0.4, engine_timeout_s=0.8, governor=False)
    made = WindowRig(tmp_path, (faulty("hang", first=5), functools.partial(fail_to_open, fault="hang")), impatient)
    window = made.open()
    with qtbot.waitActive(window, timeout=PATIENCE_MS):
        window.show()
    window.start()
    try:
        stream(qtbot, made, lambda: window.display.view.state is SessionState.FAULT)
        shown = made.session.summary().shown
        stream(qtbot, made, lambda: made.session.summary().shown > shown + 20)
        assert window.display.view.prediction is None
    finally:
        made.ending.set()
        window.close()
        assert made.session.close(PATIENCE_MS / 1000) == ()
        window.deleteLater()


def test_pictures_have_their_true_shape_and_may_change_it(rig: tuple[WindowRig, LivePage], qtbot) -> None:
    made, shown = rig
    only_the_picture(shown)
    for size, aspect in SHAPES.values():
        qtbot.waitUntil(lambda: bool(made.sources), timeout=PATIENCE_MS)
        made.sources[-1].sample_aspect = aspect
        image = disc(*size, aspect)

        def is_seen(size=size, aspect=aspect, image=image) -> None:
            made.feed.put(image + np.uint8(made.sent % 2))  # without news for a moment, the picture would be dimmed
            made.sent += 1
            frame = shown.display.view.frame
            assert frame is not None
            assert (frame.width, frame.height, frame.sample_aspect) == (*size, aspect)
            check_round(seen(shown.video), 250)

        qtbot.waitUntil(is_seen, timeout=PATIENCE_MS)
