"""Windows for tests: each test gets fresh ones, and fails when it leaves a widget or a thread behind."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from clipmaker import write_clip
from gated_engine import open_gated
from PyQt6.QtCore import QCoreApplication, QEvent
from PyQt6.QtWidgets import QApplication
from window_driver import Key, paused, playing, press

from polyplive.gui.app import make_application
from polyplive.gui.opening import ReplayOpening
from polyplive.sessions.opening import open_video

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from polyplive.gui.replay_page import ReplayPage

FRAMES = 20


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    """The application with its own looks, so that the tests see what users see."""
    return make_application()


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("window") / "clip.mp4", FRAMES)


@pytest.fixture
def nothing_left(qapp: QApplication) -> Iterator[None]:
    threads = set(threading.enumerate())
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.processEvents()
    left = [widget for widget in qapp.topLevelWidgets() if widget.isVisible() or widget.parent() is None]
    assert left == []
    assert set(threading.enumerate()) <= threads


@pytest.fixture
def open_window(nothing_left: None, qtbot, clip: Path, tmp_path: Path) -> Iterator[Callable[..., ReplayPage]]:
    """Makes windows that are shown and playing; closes those that the test did not close."""
    opened: list[ReplayPage] = []

    def opener(gate: Callable[[], object] = lambda: None, source: Path | None = None, **options: object) -> ReplayPage:
        options.setdefault("snapshots", tmp_path / "snapshots")
        window = ReplayOpening(lambda: open_video(source or clip), open_gated(gate), **options).make_page()
        opened.append(window)
        with qtbot.waitActive(window, timeout=20_000):
            window.show()
        window.start()
        return window

    yield opener
    for window in opened:
        window.close()
        assert window.player.close(20.0) == ()
        window.deleteLater()
    opened.clear()


@pytest.fixture
def window(open_window: Callable[..., ReplayPage], qtbot) -> ReplayPage:
    """Paused at the first frame."""
    made = open_window()
    playing(made, qtbot)
    press(made, qtbot, Key.Key_Space)
    made.player.seek(0.0)
    paused(made, qtbot, 0)
    return made
