"""The one window: it begins empty, goes from one thing to the next, and says what it could not open."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING

import pytest
from gated_engine import open_gated
from PyQt6.QtCore import QMimeData, QPointF, Qt, QUrl
from PyQt6.QtGui import QDropEvent
from PyQt6.QtWidgets import QApplication, QDialog, QFileDialog, QLabel, QScrollArea
from window_driver import PATIENCE_MS, paused, playing

from polyplive.config import Settings
from polyplive.errors import SourceNotFound
from polyplive.evaluation.demo_truth import demo_clip
from polyplive.gui.connect.dialog import ConnectDialog
from polyplive.gui.export.dialog import ExportDialog
from polyplive.gui.parts.shortcuts import SHORTCUTS, ShortcutDialog
from polyplive.gui.session.replay_page import ReplayPage
from polyplive.gui.window.about import AboutDialog
from polyplive.gui.window.error_page import ErrorPage
from polyplive.gui.window.main_window import MainWindow
from polyplive.gui.window.opening import ReplayOpening
from polyplive.gui.window.preferences import Preferences
from polyplive.gui.window.start_page import StartPage
from polyplive.sessions.opening import open_video
from polyplive.types import OverlaySettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from polyplive.sources.capture.options import CaptureRequest


@dataclasses.dataclass
class Recordings:
    """Opens videos with an engine that answers at once, and notes which pages were closed."""

    demo_clip: Path
    closed: list[ReplayPage] = dataclasses.field(default_factory=list)

    def recording(self, path: Path) -> ReplayOpening:
        open_video(path).close()
        opening = ReplayOpening(lambda: open_video(path), open_gated(lambda: None), on_closed=self.closed.append)
        return dataclasses.replace(opening, path=path)

    def source(self, address: str, capture: CaptureRequest) -> ReplayOpening:
        raise SourceNotFound(f"There is no device '{address}'", "Plug it in.")

    def demo(self) -> ReplayOpening:
        return self.recording(self.demo_clip)


@pytest.fixture
def program(clip: Path) -> Recordings:
    return Recordings(clip)


@pytest.fixture
def window(nothing_left: None, qtbot, program: Recordings, tmp_path: Path) -> Iterator[MainWindow]:
    made = MainWindow(program, Preferences(tmp_path / "window.ini"))
    with qtbot.waitActive(made, timeout=PATIENCE_MS):
        made.show()
    yield made
    made.close()
    made.deleteLater()


def test_it_begins_with_the_ways_to_begin(window: MainWindow, qtbot) -> None:
    assert isinstance(window.page, StartPage)
    qtbot.mouseClick(window.page.buttons["play_demo"], Qt.MouseButton.LeftButton)
    assert isinstance(window.page, ReplayPage)
    playing(window.page, qtbot)
    qtbot.waitUntil(lambda: window.windowTitle() == "clip.mp4 - polyplive", timeout=PATIENCE_MS)


def test_another_recording_takes_the_place_of_the_first(window: MainWindow, program: Recordings, qtbot) -> None:
    window.run_command("play_demo")
    first = window.page
    playing(first, qtbot)
    window.run_command("play_demo")
    assert program.closed == [first]
    assert window.page is not first
    playing(window.page, qtbot)
    qtbot.keyClick(window.page, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    assert isinstance(window.page, StartPage)
    assert len(program.closed) == 2
    assert not window.failed


def test_keys_of_the_page_work_in_the_window(window: MainWindow, qtbot) -> None:
    window.run_command("play_demo")
    page = window.page
    playing(page, qtbot)
    qtbot.keyClick(page, Qt.Key.Key_Space)
    paused(page, qtbot)
    titles = [action.text() for action in window.menuBar().actions()]
    assert {"&File", "&Playback", "&Overlay", "&View", "&Help"} <= set(titles)


def test_what_is_no_video_is_said_with_what_to_do(window: MainWindow, tmp_path: Path, qtbot, capfd) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video" * 100)
    drop(window, broken)
    panel = window.page
    assert isinstance(panel, ErrorPage)
    assert "broken.mp4" in panel.what.text()
    assert window.failed
    assert capfd.readouterr().err.startswith("polyplive: ")
    qtbot.mouseClick(panel.copy, Qt.MouseButton.LeftButton)
    assert str(panel.error) in QApplication.clipboard().text()


def test_a_session_goes_on_where_the_next_cannot_be_opened(
    window: MainWindow, program: Recordings, tmp_path: Path, qtbot
) -> None:
    window.run_command("play_demo")
    page = window.page
    playing(page, qtbot)
    drop(window, tmp_path / "missing.mp4")
    assert window.page is page
    assert not program.closed
    panel = window.findChild(QDialog).findChild(ErrorPage)
    assert "missing.mp4" in panel.what.text()
    window.findChild(QDialog).close()


def drop(window: MainWindow, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    none = Qt.KeyboardModifier.NoModifier
    event = QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, none)
    window.dropEvent(event)


def test_recordings_that_were_opened_are_offered_again(window: MainWindow, clip: Path, qtbot) -> None:
    window.open_recording(clip)
    playing(window.page, qtbot)
    window.close_source()
    assert [button.accessibleName() for button in window.page.recent] == [clip.name]
    qtbot.mouseClick(window.page.recent[0], Qt.MouseButton.LeftButton)
    playing(window.page, qtbot)
    window._forget_recent()
    window.close_source()
    assert window.page.recent == []


def test_overlay_and_panel_are_as_they_were_left(window: MainWindow, qtbot) -> None:
    window.run_command("play_demo")
    window.page.run_command("toggle_heatmap")
    window.page.run_command("toggle_panel")
    window.page.run_command("toggle_visible")
    window.run_command("play_demo")
    page = window.page
    playing(page, qtbot)
    assert not page.display.overlay.heatmap
    assert page.display.overlay.visible, "that it is off is not remembered"
    assert not page.panel.isVisible()


def test_what_is_remembered_is_drawn_but_heat_as_a_session_begins_and_one_findings_heat_is_forgotten(
    window: MainWindow, clip: Path, qtbot
) -> None:
    window.preferences.overlay = OverlaySettings(mask=False, heatmap=True, heat_style="lines")
    begins_without = OverlaySettings(heatmap=False)
    window.show_opening(
        ReplayOpening(lambda: open_video(clip), open_gated(), settings=Settings(overlay=begins_without), path=clip)
    )
    playing(window.page, qtbot)
    drawn = window.page.display.overlay
    assert (drawn.mask, drawn.heat_style, drawn.heatmap) == (False, "lines", False)
    qtbot.waitUntil(lambda: bool(window.page.display.prediction.detections), timeout=PATIENCE_MS)
    window.page.heat.choose(1)
    assert window.page.display.overlay.heat_of == 1
    window.close_source()
    kept = window.preferences.overlay
    assert (kept.heat_of, kept.heatmap, kept.heat_style) == (None, False, "lines")


def test_it_says_what_it_is(window: MainWindow, qtbot) -> None:
    window.run_command("play_demo")
    playing(window.page, qtbot)
    qtbot.waitUntil(lambda: window.page.display.view.engine is not None, timeout=PATIENCE_MS)
    window.run_command("about")
    dialog = window.findChild(AboutDialog)
    manifest = window.page.display.view.engine.manifest
    assert f"{manifest.name} {manifest.version}" in dialog.text
    assert "Research use only" in dialog.text
    assert "Apache License 2.0" in dialog.text
    dialog.close()


def test_a_source_is_connected_from_the_dialog_and_remembered(window: MainWindow, qtbot) -> None:
    window.run_command("connect")
    dialog = window.findChild(ConnectDialog)
    dialog.places.setCurrentRow(dialog.places.count() - 1)
    dialog.stream.setText("rtsp://tower/stream")
    qtbot.mouseClick(dialog.connect_button, Qt.MouseButton.LeftButton)
    assert isinstance(window.page, ErrorPage)
    assert "rtsp://tower/stream" in window.page.details
    assert window.preferences.card is None, "it was not connected"


def test_full_screen_has_no_menus_and_ends_with_what_filled_it(window: MainWindow, qtbot) -> None:
    window.run_command("play_demo")
    page, menus = window.page, window.menuBar()
    playing(page, qtbot)
    for leave in (page.full_screen.leave, window.close_source):
        page.full_screen.toggle()
        qtbot.waitUntil(lambda: window.isFullScreen() and menus.isHidden(), timeout=PATIENCE_MS)
        leave()
        qtbot.waitUntil(lambda: not window.isFullScreen() and not menus.isHidden(), timeout=PATIENCE_MS)
    assert isinstance(window.page, StartPage)


def test_export_is_offered_for_a_recording_alone(window: MainWindow, qtbot) -> None:
    action = window._actions["export"]
    assert not action.isEnabled()
    window.run_command("play_demo")
    playing(window.page, qtbot)
    assert action.isEnabled()
    qtbot.keyClick(window.page, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    dialog = window.findChild(ExportDialog)
    assert dialog is not None
    assert dialog.isVisible()
    dialog.close()


def test_the_demo_is_not_exported_into_the_installation(window: MainWindow, program: Recordings) -> None:
    assert window._export_folder(demo_clip()) == window.preferences.folder
    assert window._export_folder(program.demo_clip) == program.demo_clip.parent


def test_enter_presses_what_has_the_focus(window: MainWindow, qtbot) -> None:
    assert window.page.buttons["open_recording"].hasFocus()
    window.page.buttons["play_demo"].setFocus()
    qtbot.keyClick(window.page.buttons["play_demo"], Qt.Key.Key_Return)
    assert isinstance(window.page, ReplayPage)


def test_all_keys_are_listed_before_anything_is_open_and_fit_the_screen(window: MainWindow, qtbot) -> None:
    qtbot.keyClick(window, Qt.Key.Key_F1)
    dialog = window.findChild(ShortcutDialog)
    texts = {label.text() for label in dialog.findChildren(QLabel)}
    assert {shortcut.text for shortcut in SHORTCUTS} <= texts
    area = dialog.findChild(QScrollArea)
    assert area.widget().width() <= area.viewport().width(), "nothing is cut at the side"
    dialog.close()


def test_recent_recordings_that_cannot_be_reached_are_left_out(nothing_left: None, qtbot, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.mp4"
    os.mkfifo(pipe)
    preferences = Preferences(tmp_path / "window.ini")
    for path in (tmp_path / ("long" * 100), pipe, tmp_path):
        preferences.add_recent(path)
    made = MainWindow(Recordings(tmp_path), preferences)
    assert made.page.recent == []
    made.close()
    made.deleteLater()


def test_the_ways_to_begin_lie_apart_in_the_smallest_window(window: MainWindow) -> None:
    window.resize(window.minimumSize())
    window.page.layout().activate()
    places = [button.geometry() for button in window.page.buttons.values()]
    assert all(not one.intersects(other) for one in places for other in places if one is not other)


def test_what_it_says_of_itself_is_not_cut(window: MainWindow, qtbot) -> None:
    window.run_command("about")
    dialog = window.findChild(AboutDialog)
    qtbot.waitExposed(dialog)
    dialog.layout().activate()
    assert dialog.area.viewport().height() >= dialog.said.heightForWidth(dialog.area.viewport().width())
    dialog.close()


def test_a_long_name_makes_no_window_wider(window: MainWindow, tmp_path: Path) -> None:
    broken = tmp_path / f"{'Koloskopie_' * 20}.mp4"
    broken.write_bytes(b"no video" * 100)
    drop(window, broken)
    assert isinstance(window.page, ErrorPage)
    assert window.page.minimumSizeHint().width() < window.minimumWidth()
    assert broken.name in window.page.details


@pytest.mark.parametrize("url", ["file:", "file:///tmp/a%00b.mp4", "rtsp://me:secret@tower/x"])
def test_what_is_no_file_is_not_taken(window: MainWindow, url: str) -> None:
    data = QMimeData()
    data.setUrls([QUrl(url)])
    none = Qt.KeyboardModifier.NoModifier
    event = QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, none)
    window.dropEvent(event)
    assert isinstance(window.page, StartPage)


def test_the_folder_for_snapshots_is_chosen_while_it_plays(
    window: MainWindow, qtbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system's own dialog is not driven here: what it returns is."""
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "chosen"))
    window.run_command("play_demo")
    playing(window.page, qtbot)
    window.run_command("choose_outputs")
    window.page.save_snapshot().result(PATIENCE_MS / 1000)
    assert len(list((tmp_path / "chosen" / "snapshots").glob("*.png"))) == 2
    window.run_command("play_demo")
    playing(window.page, qtbot)
    window.page.save_snapshot().result(PATIENCE_MS / 1000)
    assert len(list((tmp_path / "chosen" / "snapshots").glob("*.png"))) == 4, "it is remembered"
