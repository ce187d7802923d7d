"""Opens and runs the window; called by the commands."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from PyQt6 import sip
from PyQt6.QtCore import QLocale, QMetaObject, Qt, QTimer
from PyQt6.QtWidgets import QApplication

from polyplive import __version__
from polyplive.errors import PolypliveError
from polyplive.gui.parts.icons import app_icon
from polyplive.gui.parts.theme import STYLE, palette
from polyplive.gui.view.choice import choose
from polyplive.gui.window.main_window import MainWindow
from polyplive.system.priority import take_short_turns
from polyplive.system.stopping import on_stop, stopped_by_signals, uninterrupted

if TYPE_CHECKING:
    from polyplive.gui.window.opening import Opening, Program
    from polyplive.types import ViewOption


def run_window(program: Program, first: Opening | PolypliveError | None = None, view: ViewOption = "auto") -> int:
    """Show the main window until it is closed. Returns the exit code: 0, a signal's code, or 1 after a failure.

    ``program`` makes what a user chooses in the window. ``first`` is shown at once: a session, or why there is none.
    ``view`` is what pictures are to be drawn by. Every failure is one line on stderr. Call it in the main thread.
    """
    with stopped_by_signals() as stop, uninterrupted():  # an exception in Qt would abort the process
        application = make_application()
        window = MainWindow(program)

        def close() -> None:  # may be called in any thread; Qt's thread closes the window once its loop runs
            QMetaObject.invokeMethod(window, "close", Qt.ConnectionType.QueuedConnection)

        with on_stop(close):
            window.show()
            if isinstance(first, PolypliveError):
                window.show_error(first)
            elif first is not None:
                window.show_opening(first)
            else:
                QTimer.singleShot(0, lambda: choose(view))  # while nothing moves: a page then finds the driver loaded
            application.exec()
            window.close()
        for name in window.survivors:
            print(f"polyplive: '{name}' did not end in time and was left behind", file=sys.stderr)
        failed = window.failed
        sip.delete(window)  # before the application: Qt may crash where a widget outlives it
        if stop.signal is not None:
            return stop.code
        return 1 if failed else 0


def make_application() -> QApplication:
    """The Qt application of this process, with its name, icon and style; no thread holds it up for long."""
    take_short_turns()
    present = QApplication.instance()
    application = present if isinstance(present, QApplication) else QApplication(sys.argv[:1])
    application.setApplicationName("polyplive")
    application.setApplicationVersion(__version__)
    application.setDesktopFileName("polyplive")
    application.setStyle("Fusion")
    application.setPalette(palette())
    application.setStyleSheet(STYLE)
    application.setWindowIcon(app_icon())
    QLocale.setDefault(QLocale.c())
    return application
