"""Opens and runs the windows; called by the commands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QLocale, QMetaObject, Qt
from PyQt6.QtWidgets import QApplication

from polyplive import __version__
from polyplive.config import Settings
from polyplive.gui.display import Display
from polyplive.gui.icons import app_icon
from polyplive.gui.live_window import LiveWindow
from polyplive.gui.snapshots import default_folder
from polyplive.gui.theme import STYLE, palette
from polyplive.gui.window import ReplayWindow
from polyplive.sessions.live import LiveSession
from polyplive.sessions.replay import Player, PlayerSettings
from polyplive.system.priority import take_short_turns
from polyplive.system.stopping import on_stop, stopped_by_signals, uninterrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polyplive.gui.overlay_window import OverlayWindow
    from polyplive.sessions.engine_room.supervisor import OpenEngine
    from polyplive.sessions.live import LiveParts, LiveSummary
    from polyplive.sessions.view import View
    from polyplive.sinks.base import Sink
    from polyplive.sources.base import Source
    from polyplive.system.stopping import Stop

_VIEWS_AHEAD = 3


def run_window(
    open_source: Callable[[], Source],
    open_engine: OpenEngine,
    settings: Settings | None = None,
    sinks: Sequence[Sink] = (),
    start_s: float = 0.0,
    frames: int | None = None,
    snapshots: Path | None = None,
) -> int:
    """Play in a window until it is closed. Returns the exit code.

    The code is 0, a signal's code, or 1 after a failure, with one line on stderr for each.

    ``open_source`` and ``open_engine`` are called in the player's threads. ``snapshots`` is the folder for snapshots
    (None: ``default_folder``). Call it in the main thread.
    """
    with (
        stopped_by_signals() as stop,
        uninterrupted(),
    ):  # an exception in Qt would abort the process
        application = make_application()
        window = make_window(open_source, open_engine, settings, sinks, start_s, frames, snapshots)
        _show(application, window)
        for name in window.survivors:
            print(f"polyplive: '{name}' did not end in time", file=sys.stderr)
        return _report(window, stop)


def run_live_window(
    parts: LiveParts, settings: Settings, snapshots: Path | None = None, sound: bool = False
) -> tuple[int, LiveSummary, tuple[str, ...]]:
    """Show a live session in a window until it is closed.

    Returns the exit code (as ``run_window``) and the session's summary. The names are those of threads that hang in a
    driver or a runtime. Call it in the main thread.
    """
    with stopped_by_signals() as stop, uninterrupted():
        application = make_application()
        display = Display(settings.overlay, settings.pipeline.threshold, settings.pipeline.min_area)
        folder = snapshots if snapshots is not None else default_folder()
        window = LiveWindow(lambda on_news: LiveSession(parts, on_news), display, folder, sound, settings.view)
        _show(application, window)
        summary = window.session.summary()
        code = _report(window, stop) if summary.error is None else 1  # the caller reports that error
        return code, summary, window.survivors


def _show(application: QApplication, window: LiveWindow | ReplayWindow) -> None:
    """Run the window until it is closed and its threads have ended."""

    def close() -> None:  # may be called in any thread; Qt's thread closes the window once its loop runs
        QMetaObject.invokeMethod(window, "close", Qt.ConnectionType.QueuedConnection)

    with on_stop(close):
        window.show()
        window.start()
        application.exec()
        window.close()


def _report(window: OverlayWindow, stop: Stop) -> int:
    """Print failures on stderr. Returns the exit code."""
    for problem in window.problems:
        print(f"polyplive: {problem}", file=sys.stderr)
    if stop.signal is not None:
        return stop.code
    return 1 if window.problems else 0


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


def make_window(
    open_source: Callable[[], Source],
    open_engine: OpenEngine,
    settings: Settings | None = None,
    sinks: Sequence[Sink] = (),
    start_s: float = 0.0,
    frames: int | None = None,
    snapshots: Path | None = None,
) -> ReplayWindow:
    """The replay window with its player, not shown or started yet; arguments as for ``run_window``."""
    settings = settings or Settings()
    display = Display(settings.overlay, settings.pipeline.threshold, settings.pipeline.min_area)
    chosen = PlayerSettings(
        start_s=start_s,
        frames=frames,
        cam=display.needs_cam,
        threshold=settings.pipeline.threshold,
        overlay=settings.overlay,
        views_ahead=_VIEWS_AHEAD,
        full_paths=settings.full_paths,
    )

    def make_player(on_view: Callable[[View], None]) -> Player:
        return Player(open_source, open_engine, on_view, chosen, sinks, settings.pipeline)

    folder = snapshots if snapshots is not None else default_folder()
    return ReplayWindow(make_player, display, folder, settings.view)
