"""The window as a user drives it, with a real decoder and pipeline behind it; no display."""

from __future__ import annotations

import dataclasses
import threading
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from gated_engine import broken
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QImage
from PyQt6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QSlider, QWidget
from window_driver import PATIENCE_MS, Key, paused, playing, press

from polyplive.config import PipelineSettings, Settings
from polyplive.gui.parts.shortcuts import SHORTCUTS, ShortcutDialog
from polyplive.gui.session import snapshots
from polyplive.gui.session.display import Display
from polyplive.gui.session.session_page import NARROW, OVERLAY_SWITCHES, SessionPage
from polyplive.overlay.compositor import compose
from polyplive.sessions.view import View
from polyplive.system.atomic_file import write_new
from polyplive.types import OverlaySettings, SessionState

if TYPE_CHECKING:
    from pathlib import Path


FRAMES = 20


def test_it_plays_every_frame_to_the_end(open_window, qtbot) -> None:
    seen = []

    def keep(view: View) -> None:
        if view.frame is not None:
            seen.append(view.frame.index)

    window = open_window(before_start=lambda window: window._bridge.arrived.connect(keep))
    qtbot.waitUntil(lambda: window.display.view.state is SessionState.ENDED, timeout=PATIENCE_MS)
    assert sorted(set(seen)) == list(range(FRAMES))
    assert seen == sorted(seen)
    assert window.strip.state.text() == "Ended"


def test_a_recording_tells_its_own_pace_and_no_delays(open_window, qtbot) -> None:
    """What a frame waits for after it was read says nothing to a viewer of a recording."""
    window = open_window()
    figures = []
    window._bridge.arrived.connect(lambda _: figures.append(window.display.view.figures))
    window._set_speed(0.25)
    qtbot.waitUntil(lambda: "real time" in window.strip.text.text(), timeout=PATIENCE_MS)
    paused(window, qtbot)
    assert {(one.video_delay_ms, one.annotation_delay_ms) for one in figures} == {(None, None)}
    assert "real time" not in window.strip.text.text()
    assert window.transport.frame.text() == f"#{FRAMES}"


@pytest.mark.parametrize(("size", "shown"), [((800, 480), False), ((1280, 800), True)])
def test_the_panel_folds_away_where_there_is_no_room(window, qtbot, size: tuple[int, int], shown: bool) -> None:
    window.resize(*size)
    qtbot.waitUntil(lambda: (window.width(), window.height()) == size, timeout=PATIENCE_MS)
    assert window.panel.isVisible() is shown
    window.run_command("toggle_panel")
    assert window.panel.isVisible() is not shown
    window.resize(1300, 810)
    qtbot.waitUntil(lambda: window.width() == 1300, timeout=PATIENCE_MS)
    assert window.panel.isVisible() is (size[0] < NARROW), "only what was chosen at full width is kept"


def test_every_control_has_a_name_and_can_be_reached_by_tab(window, qtbot) -> None:
    controls = [*window.findChildren(QAbstractButton), *window.findChildren(QComboBox), *window.findChildren(QSlider)]
    seen = [control for control in controls if control.isVisible()]
    assert len(seen) > 12
    for control in seen:
        assert control.accessibleName() or (isinstance(control, QAbstractButton) and control.text()), control
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus, control
        assert control.toolTip() or control.parentWidget().toolTip(), control
    window.video.setFocus()
    reached = set()
    for _ in range(len(seen) + 5):
        qtbot.keyClick(QApplication.focusWidget(), Key.Key_Tab)
        reached.add(QApplication.focusWidget())
    assert {control for control in seen if control.isEnabled()} <= reached


def test_space_pauses_and_plays(window, qtbot) -> None:
    assert window.strip.state.text() == "Paused"
    press(window, qtbot, Key.Key_Space)
    playing(window, qtbot)
    qtbot.mouseClick(window.transport.play, Qt.MouseButton.LeftButton)
    paused(window, qtbot)


def test_arrows_step(window, qtbot) -> None:
    press(window, qtbot, Key.Key_Right)
    press(window, qtbot, Key.Key_Right)
    paused(window, qtbot, 2)
    press(window, qtbot, Key.Key_Left)
    paused(window, qtbot, 1)
    assert "Frame 2 of 20" in window.strip.text.text()


def test_a_click_on_the_seek_bar_goes_there(window, qtbot) -> None:
    bar = window.transport.seek
    qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=QPoint(bar.width() // 2, bar.height() // 2))
    paused(window, qtbot)
    qtbot.waitUntil(lambda: abs(window.display.view.frame.index - FRAMES // 2) <= 1, timeout=PATIENCE_MS)


def test_home_and_end(window, qtbot) -> None:
    press(window, qtbot, Key.Key_End)
    paused(window, qtbot, FRAMES - 1)
    press(window, qtbot, Key.Key_Home)
    paused(window, qtbot, 0)


def test_one_key_takes_the_whole_overlay_off(window, qtbot) -> None:
    before = window.display.images()[0]
    raw = window.display.view.frame.image
    assert (before != raw).any()
    press(window, qtbot, Key.Key_O)
    assert not window.display.overlay.visible
    assert not window.panel.switches["visible"].isChecked()
    assert np.array_equal(window.display.images()[0], raw), "nothing is left in recordings and snapshots"
    press(window, qtbot, Key.Key_O)
    assert window.display.overlay.visible


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("C", "contour"),
        ("V", "mask"),
        ("H", "heatmap"),
        ("N", "scores"),
        ("L", "legend"),
        ("I", "status"),
        ("X", "caption"),
    ],
)
def test_each_part_has_a_key_and_a_switch(window, qtbot, key: str, name: str) -> None:
    window.display.set(heatmap=True)
    was = getattr(window.display.overlay, name)
    before = window.display.images()[0]
    press(window, qtbot, getattr(Key, f"Key_{key}"))
    assert getattr(window.display.overlay, name) is not was
    assert window.panel.switches[name].isChecked() is not was
    if name not in ("scores", "legend"):
        assert np.any(window.display.images()[0] != before)
    qtbot.mouseClick(window.panel.switches[name], Qt.MouseButton.LeftButton)
    assert getattr(window.display.overlay, name) is was


def test_the_threshold_changes_contours_of_a_paused_frame(window, qtbot) -> None:
    area = sum(detection.area_px for detection in window.display.prediction.detections)
    assert area > 0
    window.panel.threshold.slider.setValue(75)
    higher = sum(detection.area_px for detection in window.display.prediction.detections)
    assert higher < area
    assert window.display.view.frame.index == 0
    press(window, qtbot, Key.Key_BracketLeft)
    assert window.display.threshold == pytest.approx(0.70)
    assert window.panel.threshold.value == pytest.approx(0.70)
    press(window, qtbot, Key.Key_Right)
    paused(window, qtbot, 1)
    assert window.display.view.prediction.threshold == pytest.approx(0.70)


def test_the_models_own_threshold_is_shown_until_one_is_chosen(window) -> None:
    assert window.panel.threshold.value == 0.5


def test_a_threshold_can_be_set_back_to_the_models_own(open_window, qtbot) -> None:
    """By button and by key, also where the settings name another; and the slider has a tick there."""
    window = open_window(settings=Settings(pipeline=PipelineSettings(threshold=0.3)), playing=False)
    paused(window, qtbot, 0)
    assert window.display.model_threshold == 0.5
    slider = window.panel.threshold
    assert slider.slider.tick == 50
    assert slider.reset.isVisible()
    qtbot.mouseClick(slider.reset, Qt.MouseButton.LeftButton)
    assert (window.display.threshold, slider.value, slider.reset.isVisible()) == (0.5, 0.5, False)
    assert window.display.prediction.threshold == 0.5
    slider.slider.setValue(70)
    press(window, qtbot, Key.Key_Backslash)
    assert (window.display.threshold, slider.value) == (0.5, 0.5)
    press(window, qtbot, Key.Key_Right)
    paused(window, qtbot, 1)
    assert window.display.view.prediction.threshold == 0.5, "frames that come later have it too"


def test_a_threshold_from_the_settings_is_used(open_window, qtbot) -> None:
    window = open_window(settings=Settings(pipeline=PipelineSettings(threshold=0.3)))
    playing(window, qtbot)
    assert window.panel.threshold.value == 0.3
    assert window.display.view.prediction.threshold == 0.3


def test_the_opacity_slider_changes_the_picture(window) -> None:
    before = window.display.images()[0]
    window.panel.opacity.slider.setValue(90)
    assert window.display.overlay.opacity == pytest.approx(0.9)
    assert np.any(window.display.images()[0] != before)


def test_side_by_side_shows_the_source_frame_as_it_is(window, qtbot) -> None:
    press(window, qtbot, Key.Key_B)
    raw, composite = window.display.images()
    assert np.array_equal(raw, window.display.view.frame.image)
    assert np.any(composite != raw)
    left, right = window.video.picture_rects()
    assert left.right() < right.left()
    assert right.right() <= window.video.width()


def test_a_snapshot_is_the_frame_and_the_frame_with_its_marks(window, qtbot, tmp_path: Path) -> None:
    press(window, qtbot, Key.Key_S)
    qtbot.waitUntil(lambda: window.strip.text.text().startswith("Saved "), timeout=PATIENCE_MS)
    clean, marked = sorted((tmp_path / "snapshots").iterdir(), key=lambda path: len(path.name))
    assert marked.name == f"{clean.stem}-marked.png"
    frame = window.display.view.frame
    assert np.array_equal(cv2.imread(str(clean)), frame.image)
    composite = cv2.imread(str(marked))
    assert np.array_equal(composite, compose(frame, window.display.prediction, OverlaySettings()))
    assert (composite != frame.image).any()
    said = window.strip.text.text()
    assert str(clean) in said
    assert marked.name in said
    picture = QImage(str(marked))
    facts = {key: picture.text(key) for key in picture.textKeys()}
    assert (facts["Frame"], facts["Frame index"], facts["Title"]) == ("1", "0", "clip.mp4")
    assert facts["Model SHA-256"] == window.display.view.engine.manifest.sha256
    assert not any("/" in fact for fact in facts.values())


def test_a_snapshot_that_cannot_be_saved_is_one_line(open_window, qtbot, tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    window = open_window(snapshots=in_the_way)
    playing(window, qtbot)
    press(window, qtbot, Key.Key_S)
    qtbot.waitUntil(lambda: "Cannot save a snapshot" in window.strip.text.text(), timeout=PATIENCE_MS)
    assert "--snapshots" in window.strip.text.text()


def test_the_window_waits_for_no_snapshot_and_loses_none(
    window, qtbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the disk takes nothing keys go on to work; closing the page waits for what was asked for."""
    disk = threading.Event()

    def slow(path: Path, data: bytes) -> None:
        assert disk.wait(PATIENCE_MS / 1000)
        write_new(path, data)

    monkeypatch.setattr(snapshots, "write_new", slow)
    press(window, qtbot, Key.Key_S)
    press(window, qtbot, Key.Key_Right)
    paused(window, qtbot, 1)
    assert not list(tmp_path.rglob("*.png"))
    disk.set()
    window.close()
    clean, marked = sorted((tmp_path / "snapshots").iterdir(), key=lambda path: len(path.name))
    assert marked.name == f"{clean.stem}-marked.png"


LIVE_ONLY = {"toggle_sound", "toggle_glow", "toggle_recording", "mark", "describe_mark"}
OF_THE_WINDOW = {shortcut.command for shortcut in SHORTCUTS if shortcut.group == "File"} | {"about"}
ELSEWHERE = LIVE_ONLY | OF_THE_WINDOW


def test_the_question_mark_lists_every_shortcut_of_the_page(window, qtbot) -> None:
    qtbot.keyClicks(window, "?")
    dialog = window.findChild(ShortcutDialog)
    assert dialog is not None
    texts = {label.text() for label in dialog.findChildren(QLabel)}
    assert {shortcut.text for shortcut in SHORTCUTS if shortcut.command not in ELSEWHERE} <= texts
    assert not {shortcut.text for shortcut in SHORTCUTS if shortcut.command in ELSEWHERE} & texts
    dialog.close()


def test_every_command_of_the_table_exists_and_no_key_is_given_twice(window) -> None:
    keys = [key for shortcut in SHORTCUTS for key in shortcut.keys]
    assert len(keys) == len(set(keys))
    for shortcut in SHORTCUTS:
        assert (shortcut.command in window._commands) is (shortcut.command not in ELSEWHERE)


def test_no_field_of_the_overlay_is_switched_by_a_key_unless_it_is_one(window) -> None:
    """A number is no switch: ``toggle_opacity`` used to make it False."""
    fields = {field.name: field.type for field in dataclasses.fields(OverlaySettings)}
    assert {fields[name] for name in OVERLAY_SWITCHES} == {"bool"}
    with pytest.raises(KeyError):
        window.run_command("toggle_opacity")
    assert window.display.overlay == OverlaySettings()


def test_a_window_is_made_without_calling_its_subclass(qapp, nothing_left, tmp_path: Path) -> None:
    """What a subclass sets up after the constructor of its base is not missed by it."""

    class Bare(SessionPage):
        """Has no hooks."""

    made = Bare(IdleSession(), Display(OverlaySettings(), 0.5, 0.0), tmp_path, QWidget(), {"play": lambda: 1})
    assert "toggle_mask" in made._commands
    assert "play" in made._commands
    made.deleteLater()


class IdleSession:
    """A session that does nothing."""

    def set_cam(self, cam: bool) -> None: ...

    def set_threshold(self, threshold: float) -> None: ...

    def set_overlay(self, overlay: OverlaySettings) -> None: ...

    def set_target(self, target: object) -> None: ...

    def close(self, timeout_s: float) -> tuple[str, ...]:
        return ()


def test_speed_and_mode_keys_move_their_boxes(window, qtbot) -> None:
    press(window, qtbot, Key.Key_Period)
    assert window.transport.speed.currentText() == "2\u00d7"
    press(window, qtbot, Key.Key_Comma)
    press(window, qtbot, Key.Key_Comma)
    assert window.transport.speed.currentText() == "0.5\u00d7"
    press(window, qtbot, Key.Key_K)
    assert window.transport.mode.currentText() == "Keep pace"
    paused(window, qtbot, 0)


def test_full_screen_and_back(window, qtbot) -> None:
    press(window, qtbot, Key.Key_F)
    qtbot.waitUntil(window.isFullScreen, timeout=PATIENCE_MS)
    press(window, qtbot, Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.isFullScreen(), timeout=PATIENCE_MS)


def test_a_paused_picture_says_so_and_that_its_overlay_is_off(window, qtbot) -> None:
    said = window.video.contents.said
    assert said.banner is not None
    assert said.banner.title == "Paused"
    press(window, qtbot, Key.Key_O)
    assert said.banner.title == "Paused \u00b7 Overlay off"
    assert not window.panel.switches["contour"].isEnabled()
    press(window, qtbot, Key.Key_O)
    press(window, qtbot, Key.Key_D)
    assert "Model: " in window.details.events.toPlainText()
    press(window, qtbot, Key.Key_Space)
    qtbot.waitUntil(lambda: said.banner is None, timeout=PATIENCE_MS)


def test_the_notice_is_always_visible(window) -> None:
    assert "Research use only" in window.strip.notice.text()
    assert window.strip.notice.isVisible()


@pytest.mark.parametrize("size", [(1280, 800), (800, 600)])
def test_nothing_is_cut_or_overlaps(window, qtbot, size: tuple[int, int]) -> None:
    window.resize(*size)
    qtbot.waitUntil(lambda: (window.width(), window.height()) == size, timeout=PATIENCE_MS)
    parts = [window.video, window.panel, window.transport, window.strip]

    def laid_out() -> None:
        rects = [part.geometry() for part in parts]
        for place, rect in enumerate(rects):
            assert window.rect().contains(rect)
            assert not any(rect.intersects(other) for other in rects[place + 1 :])
        for part in (window.transport, window.strip):
            for child in part.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
                if child.isHidden():
                    continue
                assert part.rect().contains(child.geometry())
                assert child.width() >= child.minimumSizeHint().width()

    qtbot.waitUntil(laid_out, timeout=PATIENCE_MS)


def test_a_missing_file_is_shown_as_a_fault_with_its_reason(open_window, qtbot, tmp_path: Path) -> None:
    window = open_window(source=tmp_path / "missing.mp4")
    qtbot.waitUntil(lambda: window.strip.state.text() == "Fault", timeout=PATIENCE_MS)
    assert "missing.mp4" in window.strip.reason.text()
    assert "missing.mp4" in window.strip.state.toolTip()
    assert "missing.mp4" in window.problems[0]


def test_an_engine_that_fails_is_shown_as_a_fault_and_the_video_goes_on(open_window, qtbot) -> None:
    window = open_window(broken)
    qtbot.waitUntil(lambda: window.strip.state.text() == "Fault", timeout=PATIENCE_MS)
    assert "Try another backend" in window.strip.state.toolTip()
    shown = window.display
    qtbot.waitUntil(lambda: shown.view.frame is not None and shown.view.frame.index == FRAMES - 1, timeout=PATIENCE_MS)
