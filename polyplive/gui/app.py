"""Runs the window: what the command line calls."""

from __future__ import annotations

import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6 import sip
from PyQt6.QtCore import QLocale, QSocketNotifier, QStandardPaths
from PyQt6.QtWidgets import QApplication

from polyplive import __version__
from polyplive.config import Settings
from polyplive.gui.display import Display
from polyplive.gui.icons import app_icon
from polyplive.gui.live_window import LiveWindow
from polyplive.gui.theme import STYLE, palette
from polyplive.gui.window import ReplayWindow
from polyplive.live import LiveSession
from polyplive.player import Player, PlayerSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polyplive.gui.overlay_window import OverlayWindow
    from polyplive.live import LiveParts, LiveSummary
    from polyplive.pipeline import Pipeline
    from polyplive.sinks.base import Sink
    from polyplive.sources.base import Source
    from polyplive.view import View

_VIEWS_AHEAD = 3


def run_window(
    open_source: Callable[[], Source],
    open_pipeline: Callable[[], Pipeline],
    settings: Settings | None = None,
    sinks: Sequence[Sink] = (),
    start_s: float = 0.0,
    frames: int | None = None,
    snapshots: Path | None = None,
) -> int:
    """Play in a window until it is closed; 0, or 1 when something failed (said in one line each on stderr).

    ``open_source`` and ``open_pipeline`` are called in the player's threads. ``snapshots`` is the folder for
    snapshots, by default ``polyplive`` in the user's pictures. Call it in the main thread.
    """
    application = make_application()
    window = make_window(open_source, open_pipeline, settings, sinks, start_s, frames, snapshots)
    _show(application, window)
    for name in window.survivors:
        print(f"polyplive: '{name}' did not end in time", file=sys.stderr)
    return _report(window)


def run_live_window(
    parts: LiveParts, settings: Settings, snapshots: Path | None = None, sound: bool = False
) -> tuple[int, LiveSummary, tuple[str, ...]]:
    """Show a live session in a window until it is closed.

    Gives the exit code (1 when something failed, which is said on stderr), what the session did, and the names of
    threads that hang in a driver or a runtime. Call it in the main thread.
    """
    application = make_application()
    display = Display(settings.overlay, settings.pipeline.threshold, settings.pipeline.min_area)
    folder = snapshots if snapshots is not None else _pictures() / "polyplive"
    window = LiveWindow(lambda on_news: LiveSession(parts, on_news), display, folder, sound)
    _show(application, window)
    return _report(window), window.session.summary(), window.survivors


def _show(application: QApplication, window: LiveWindow | ReplayWindow) -> None:
    """Run the window until it is closed and its threads have ended."""
    window.show()
    window.start()
    with _Interruptible(window):
        application.exec()
    window.close()


def _report(window: OverlayWindow) -> int:
    """Say on stderr what failed; the exit code."""
    for problem in window.problems:
        print(f"polyplive: {problem}", file=sys.stderr)
    return 1 if window.problems else 0


def make_application() -> QApplication:
    """The one application of this process, with its name, icon and looks."""
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
    open_pipeline: Callable[[], Pipeline],
    settings: Settings | None = None,
    sinks: Sequence[Sink] = (),
    start_s: float = 0.0,
    frames: int | None = None,
    snapshots: Path | None = None,
) -> ReplayWindow:
    """The window with its player, neither shown nor started; arguments as for ``run_window``."""
    settings = settings or Settings()
    display = Display(settings.overlay, settings.pipeline.threshold, settings.pipeline.min_area)
    chosen = PlayerSettings(
        start_s=start_s,
        frames=frames,
        cam=display.needs_cam,
        threshold=settings.pipeline.threshold,
        overlay=settings.overlay,
        views_ahead=_VIEWS_AHEAD,
    )

    def make_player(on_view: Callable[[View], None]) -> Player:
        return Player(open_source, open_pipeline, on_view, chosen, sinks)

    return ReplayWindow(make_player, display, snapshots if snapshots is not None else _pictures() / "polyplive")


def _pictures() -> Path:
    found = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
    return Path(found) if found else Path.home()


class _Interruptible:
    """Makes Ctrl+C in the terminal close the window.

    Python's handlers run between Python instructions, and Qt's loop has none while nothing happens: the signal writes
    a byte into a socket that the loop watches.
    """

    def __init__(self, window: OverlayWindow) -> None:
        self._window = window
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._notifier = QSocketNotifier(sip.voidptr(self._reader.fileno()), QSocketNotifier.Type.Read)
        self._notifier.activated.connect(self._drain)

    def __enter__(self) -> None:
        self._fd = signal.set_wakeup_fd(self._writer.fileno())
        self._handler = signal.signal(signal.SIGINT, lambda *_: self._window.close())

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._handler)
        signal.set_wakeup_fd(self._fd)
        self._notifier.setEnabled(False)
        self._reader.close()
        self._writer.close()

    def _drain(self) -> None:
        self._reader.recv(4096)
