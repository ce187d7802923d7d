"""The one window of the program: it shows the start, a session or an error, and goes from one to the next."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QDialog, QFileDialog, QMainWindow, QMenu, QVBoxLayout, QWidget

from polyplive.errors import PolypliveError
from polyplive.gui.actions import make_actions
from polyplive.gui.error_page import ErrorPage
from polyplive.gui.session_page import SessionPage
from polyplive.gui.shortcuts import SHORTCUTS
from polyplive.gui.start_page import StartPage

if TYPE_CHECKING:
    from collections.abc import Callable

    from PyQt6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent

    from polyplive.gui.opening import Opening, Program


class MainWindow(QMainWindow):
    """Shows one page at a time. Qt's thread.

    ``program`` makes what a user chooses here. ``show_opening`` and ``show_error`` show what was chosen elsewhere.
    Leaving a session's page ends its session, once accepted frames of a recording are written. ``failed`` tells whether
    anything failed so far; each failure was one line on stderr.
    """

    def __init__(self, program: Program) -> None:
        super().__init__()
        self.failed = False
        self.survivors: tuple[str, ...] = ()
        self._program = program
        self._opening: Opening | None = None
        self._commands: dict[str, Callable[[], object]] = {
            "open_recording": self._choose_recording,
            "connect": self._choose_source,
            "play_demo": lambda: self.open(self._program.demo),
            "close_source": self.close_source,
            "quit": self.close,
        }
        self._actions = make_actions(self, self._commands, self.run_command)
        self.page: QWidget = QWidget()
        self.setMinimumSize(640, 400)
        self.resize(1280, 800)
        self.setAcceptDrops(True)
        self._show_start()

    def run_command(self, command: str) -> None:
        """Run the command of a key, a menu or a button."""
        self._commands[command]()

    def open(self, choose: Callable[[], Opening]) -> None:
        """Show what ``choose`` gives in the place of what is shown; where it cannot be opened, say why.

        A session that runs goes on where the next one cannot be opened.
        """
        try:
            opening = choose()
        except PolypliveError as error:
            self.show_error(error)
            return
        self.show_opening(opening)

    def show_opening(self, opening: Opening) -> None:
        """End what is shown, then show ``opening`` and start it."""
        self._leave()
        page = opening.make_page()
        self._opening = opening
        page.over.connect(self._session_over)
        page.windowTitleChanged.connect(self.setWindowTitle)
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

    def close_source(self) -> None:
        """End what is shown and go back to the start."""
        self._leave()
        self._show_start()

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802
        """Hide the window, then end the session."""
        self.hide()
        self._leave()
        super().closeEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:  # noqa: N802
        """Take one file."""
        if event is not None and _dropped(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:  # noqa: N802
        """Open the file that was dropped."""
        path = _dropped(event) if event is not None else None
        if path is not None:
            self.open(lambda: self._program.recording(path))

    # Parts

    def _show(self, page: QWidget) -> None:
        self.page = page
        self.setCentralWidget(page)
        self._fill_menus()
        page.show()

    def _show_start(self) -> None:
        start = StartPage()
        start.command.connect(self.run_command)
        self.setWindowTitle("polyplive")
        self._show(start)

    def _leave(self) -> None:
        """End the session that is shown, and say what it did."""
        page, opening = self.page, self._opening
        self._opening = None
        if not isinstance(page, SessionPage) or opening is None:
            return
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
        chosen, _ = QFileDialog.getOpenFileName(self, "Open a recording")
        if chosen:
            self.open(lambda: self._program.recording(Path(chosen)))

    def _choose_source(self) -> None:
        """Ask for a device or an address."""

    def _fill_menus(self) -> None:
        """One menu for each group of the table of shortcuts, with what can be done now."""
        bar = self.menuBar()
        assert bar is not None
        bar.clear()
        known = dict(self._actions)
        if isinstance(self.page, SessionPage):
            known |= self.page.actions_by_command
        for group in dict.fromkeys(shortcut.group for shortcut in SHORTCUTS):
            found = [known[item.command] for item in SHORTCUTS if item.group == group and item.command in known]
            if found:
                bar.addMenu(_menu(group, found, self))


def _menu(title: str, actions: list[QAction], parent: QWidget) -> QMenu:
    menu = QMenu(title, parent)
    menu.addActions(actions)
    return menu


def _dropped(event: QDropEvent) -> Path | None:
    """The one file that is dropped; None for anything else."""
    data = event.mimeData()
    urls = data.urls() if data is not None else []
    return Path(urls[0].toLocalFile()) if len(urls) == 1 and urls[0].isLocalFile() else None
