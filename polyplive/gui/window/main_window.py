"""The one window of the program: it shows the start, a session or an error, and goes from one to the next."""

from __future__ import annotations

import dataclasses
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtWidgets import QAbstractButton, QDialog, QFileDialog, QMainWindow, QVBoxLayout, QWidget

from polyplive.errors import PolypliveError
from polyplive.evaluation.demo_truth import demo_clip
from polyplive.gui.connect.dialog import ConnectDialog
from polyplive.gui.export.dialog import PLAYED, ExportDialog
from polyplive.gui.parts.actions import allow, make_actions
from polyplive.gui.parts.beside import done_beside
from polyplive.gui.parts.shortcuts import SHORTCUTS, ShortcutDialog
from polyplive.gui.recording.recorded_panel import RecordedPanel
from polyplive.gui.review.review_page import ReviewPage
from polyplive.gui.session.live_page import LivePage
from polyplive.gui.session.replay_page import ReplayPage
from polyplive.gui.session.session_page import SessionPage
from polyplive.gui.session.snapshots import default_folder
from polyplive.gui.window.about import AboutDialog
from polyplive.gui.window.agreement import ask_to_end
from polyplive.gui.window.error_page import ErrorPage
from polyplive.gui.window.menus import RecentMenu, fill_menus
from polyplive.gui.window.preferences import Preferences
from polyplive.gui.window.start_page import StartPage
from polyplive.sources.capture.options import CaptureRequest
from polyplive.types import OverlaySettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PyQt6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent

    from polyplive.gui.export.job import Export
    from polyplive.gui.window.opening import Opening, Program


_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_FILES = "Recordings (*.mp4 *.mkv *.mov *.avi *.mpg *.mpeg *.ts *.m4v *.webm *.wmv *.vob *.dcm);;All files (*)"


class MainWindow(QMainWindow):
    """Shows one page at a time. Qt's thread.

    ``program`` makes what a user chooses here. ``preferences`` are what is remembered (None: the user's own).
    ``show_opening`` and ``show_error`` show what was chosen elsewhere.
    Leaving a session's page ends its session, once accepted frames of a recording are written. ``failed`` tells whether
    anything failed so far; each failure was one line on stderr.
    """

    def __init__(self, program: Program, preferences: Preferences | None = None) -> None:
        super().__init__()
        self.failed = False
        self.preferences = preferences or Preferences()
        self.survivors: tuple[str, ...] = ()
        self._program = program
        self._opening: Opening | None = None
        self._commands: dict[str, Callable[[], object]] = {
            "open_recording": self._choose_recording,
            "connect": self._choose_source,
            "play_demo": lambda: self._once_agreed(lambda: self.open(self._program.demo), "play the demo"),
            "review": self.review_shown,
            "export": self.show_export,
            "choose_outputs": self._choose_outputs,
            "close_source": lambda: self._once_agreed(self.close_source, "close it"),
            "help": self._show_help,
            "about": self.show_about,
            "quit": self._quit,
        }
        self._actions = make_actions(self, self._commands, self.run_command)
        self.recorded = RecordedPanel()
        self.recorded.review_wanted.connect(self.review)
        self.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, self.recorded)
        self.page: QWidget = QWidget()
        self.setMinimumSize(640, 400)
        self.resize(1280, 800)
        self.restoreGeometry(self.preferences.geometry)
        self.setAcceptDrops(True)
        self._show_start()

    def run_command(self, command: str) -> None:
        """Run the command of a key, a menu or a button."""
        self._commands[command]()

    def open(self, choose: Callable[[], Opening]) -> bool:
        """Show what ``choose`` gives in the place of what is shown, and return True; or say why it cannot be opened.

        A session that runs goes on where the next one cannot be opened.
        """
        try:
            opening = choose()
        except PolypliveError as error:
            self.show_error(error)
            return False
        self.show_opening(opening)
        return True

    def open_recording(self, path: Path) -> None:
        """Show the video at ``path``, and remember it."""
        if self.open(lambda: self._program.recording(path)):
            self.preferences.add_recent(path)
            self._fill_menus()

    def review(self, path: Path) -> None:
        """Review a recording that was made here, once it is agreed to that a live session ends for it."""
        self._once_agreed(lambda: self.open_review(path), "review this recording")

    def review_shown(self) -> None:
        """Review the recording that is played, from where it is."""
        page, video = self.page, self._opening.path if self._opening is not None else None
        if isinstance(page, ReplayPage) and video is not None:
            self.open_review(video, page.display.view.position_s)

    def open_review(self, path: Path, start_s: float = 0.0) -> None:
        """Show the video at ``path`` with what is needed to review it, and remember it."""
        by = self.preferences.reviewer
        if self.open(lambda: done_beside(lambda: self._program.review(path, by, self._name_reviewer, start_s))):
            self.preferences.add_recent(path)
            self._fill_menus()

    def _name_reviewer(self, name: str) -> None:
        self.preferences.reviewer = name

    def show_opening(self, opening: Opening) -> None:
        """End what is shown, then show ``opening`` and start it."""
        self._leave()
        page = opening.make_page()
        self._opening = opening
        page.over.connect(self._session_over)
        page.recorded.connect(self.recorded.add)
        page.windowTitleChanged.connect(self.setWindowTitle)
        page.show_panel(self.preferences.is_panel_shown)
        outputs, overlay = self.preferences.outputs, self.preferences.overlay
        if outputs is not None and opening.snapshots is None:
            page.keep_outputs_in(outputs)
        begun = page.display.overlay
        if overlay is not None and dataclasses.replace(begun, heatmap=None) == OverlaySettings():  # none was asked for
            heatmap = overlay.heatmap if begun.heatmap is None else begun.heatmap
            page.use_overlay(dataclasses.replace(overlay, heatmap=heatmap))
        self._show(page)
        page.video.setFocus()
        page.start()

    def show_error(self, error: Exception) -> None:
        """Say what could not be opened: in the window, over a session that runs, and on stderr."""
        self.failed = True
        print(f"polyplive: {error}", file=sys.stderr)
        panel = ErrorPage(error)
        panel.command.connect(self.run_command)
        if not isinstance(self.page, SessionPage):
            self._show(panel)
            return
        dialog = QDialog(self)
        dialog.setWindowTitle("polyplive")
        layout = QVBoxLayout(dialog)
        layout.addWidget(panel)
        panel.command.connect(dialog.accept)
        dialog.open()

    def show_export(self) -> None:
        """Ask what of the recording to export; it plays on meanwhile."""
        page, video = self.page, self._opening.path if self._opening is not None else None
        if not isinstance(page, SessionPage) or video is None:
            return

        def played(files: Mapping[str, Path]) -> Export:
            return self._program.export(video, files, page.display.overlay, page.display.threshold)

        reviewed = page.exports if isinstance(page, ReviewPage) else None
        kinds = reviewed.kinds if reviewed is not None else PLAYED
        begin = reviewed.begin if reviewed is not None else played
        dialog = ExportDialog(video, self._export_folder(video), begin, kinds, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show()

    def show_about(self) -> None:
        """Say what this program is, and which model runs."""
        page = self.page
        dialog = AboutDialog(page.display.view.engine if isinstance(page, SessionPage) else None, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def close_source(self) -> None:
        """End what is shown and go back to the start."""
        self._leave()
        self._show_start()

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802
        """Hide the window, then end the session."""
        self.preferences.geometry = self.saveGeometry()
        for dialog in self.findChildren(ExportDialog):
            dialog.close()
        self.hide()
        self._leave()
        super().closeEvent(event)

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802
        """Leave the screen to the picture where that fills it."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.WindowStateChange:
            self.recorded.set_full_screen(self.isFullScreen())

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:  # noqa: N802
        """Take one file."""
        if event is not None and _dropped(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:  # noqa: N802
        """Open the file that was dropped."""
        path = _dropped(event) if event is not None else None
        if path is not None:
            self._once_agreed(lambda: self.open_recording(path), "open this recording")

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Enter presses the button that has the focus, as the space bar does."""
        focused = self.focusWidget()
        if event is not None and event.key() in _ENTER and isinstance(focused, QAbstractButton):
            focused.click()
        else:
            super().keyPressEvent(event)

    # Parts

    def _once_agreed(self, act: Callable[[], object], purpose: str) -> None:
        """Run ``act``, which ends what is shown. Where that is a live session this is asked first."""
        if not isinstance(self.page, LivePage):
            act()
            return
        what = "live session and its recording" if self.page.is_recording else "live session"
        ask_to_end(what, purpose, act, self)

    def _quit(self) -> None:
        """Close the window; while it records, only once that is agreed to. The window's own button does not ask."""
        if isinstance(self.page, LivePage) and self.page.is_recording:
            self._once_agreed(self.close, "quit")
        else:
            self.close()

    def _show_help(self) -> None:
        """Show all keys where no session has its own."""
        dialog = ShortcutDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _export_folder(self, video: Path) -> Path:
        """Beside the video, where that is the user's own folder and can be written."""
        beside = video.absolute().parent
        own = video != demo_clip() and os.access(beside, os.W_OK)
        return beside if own else self.preferences.folder

    def _show(self, page: QWidget) -> None:
        self.page = page
        self.setCentralWidget(page)
        opening = self._opening
        self._actions["export"].setEnabled(opening is not None and opening.path is not None)
        allow(self._actions["review"], _why_no_review(page, opening))
        self._actions["close_source"].setEnabled(not isinstance(page, StartPage))
        self._actions["help"].setEnabled(not isinstance(page, SessionPage))  # which has the same key
        self._fill_menus()
        page.show()

    def _show_start(self) -> None:
        start = StartPage(list(filter(os.path.isfile, self.preferences.recent)))
        start.command.connect(self.run_command)
        start.chosen.connect(self.open_recording)
        self.setWindowTitle("polyplive")
        self._show(start)
        start.buttons["open_recording"].setFocus()

    def _leave(self) -> None:
        """End the session that is shown, and say what it did."""
        page, opening = self.page, self._opening
        self._opening = None
        if not isinstance(page, SessionPage) or opening is None:
            return
        drawn, before = page.heat.without, self.preferences.overlay or OverlaySettings()
        if opening.source is not None:  # a live session always begins as it is meant to
            drawn = dataclasses.replace(drawn, heatmap=before.heatmap)
        self.preferences.overlay = drawn
        self.preferences.is_panel_shown = page.is_panel_wanted
        page.close()
        for problem in page.problems:
            self.failed = True
            print(f"polyplive: {problem}", file=sys.stderr)
        self.survivors += page.survivors
        opening.closed(page)

    def _session_over(self) -> None:
        """A session ended by itself: at its frame limit, or after an error."""
        page, opening = self.page, self._opening
        if not isinstance(page, SessionPage) or opening is None:
            return
        error = page.error
        self._leave()
        if error is not None:
            self._show_start()
            self.show_error(error)
        elif opening.closes_window:
            self.close()
        else:
            self._show_start()

    def _choose_recording(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, "Open a recording", str(self.preferences.folder), _FILES)
        if chosen:
            self._once_agreed(lambda: self.open_recording(Path(chosen)), "open this recording")

    def _choose_outputs(self) -> None:
        """Ask below which folder recordings and snapshots lie; it holds for the session that runs as well."""
        outputs = self.preferences.outputs or default_folder().parent
        chosen = QFileDialog.getExistingDirectory(self, "Folder for recordings and snapshots", str(outputs))
        if chosen:
            self.preferences.outputs = Path(chosen)
            if isinstance(self.page, SessionPage):
                self.page.keep_outputs_in(Path(chosen))

    def _choose_source(self) -> None:
        """Ask for a card, a screen or a stream; a session that runs goes on meanwhile."""
        card = self.preferences.card
        last = (card.address, CaptureRequest(card.size, card.rate, card.pixel_format)) if card is not None else None
        dialog = ConnectDialog(last, self, self._opening.source if self._opening is not None else None)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._connect_agreed(dialog.address, dialog.request))
        dialog.open()

    def _connect_agreed(self, address: str, request: CaptureRequest) -> None:
        self._once_agreed(lambda: self._connect(address, request), "connect another source")

    def _connect(self, address: str, request: CaptureRequest) -> None:
        if self.open(lambda: self._program.source(address, request)):
            self.preferences.remember_card(address, request)

    def _fill_menus(self) -> None:
        bar = self.menuBar()
        assert bar is not None
        page = self.page
        of_page = page.actions_by_command if isinstance(page, SessionPage) else {}
        recent = RecentMenu(self.preferences.recent, self._open_recent, self._forget_recent)
        shortcuts = page.shortcuts if isinstance(page, SessionPage) else SHORTCUTS
        fill_menus(bar, self._actions | of_page, recent, shortcuts)

    def _open_recent(self, path: Path) -> None:
        self._once_agreed(lambda: self.open_recording(path), "open this recording")

    def _forget_recent(self) -> None:
        self.preferences.forget_recent()
        if isinstance(self.page, StartPage):
            self._show_start()
        else:
            self._fill_menus()


def _why_no_review(page: QWidget, opening: Opening | None) -> str:
    """Why what is shown cannot be reviewed; empty where it can."""
    if isinstance(page, ReviewPage):
        return "It is being reviewed"
    return "" if opening is not None and opening.path is not None else "Only a recording can be reviewed"


def _dropped(event: QDropEvent) -> Path | None:
    """The one file that is dropped; None for anything else."""
    data = event.mimeData()
    urls = data.urls() if data is not None else []
    name = urls[0].toLocalFile() if len(urls) == 1 else ""
    return Path(name) if name and "\0" not in name else None
