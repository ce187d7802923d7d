"""Windows for tests: each test gets fresh ones, and fails when it leaves a widget or a thread behind."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from clipmaker import write_clip
from gated_engine import gated_pipeline
from PyQt6.QtCore import QCoreApplication, QEvent
from PyQt6.QtWidgets import QApplication

from polyplive.gui.app import make_application, make_window
from polyplive.session import open_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from polyplive.gui.window import ReplayWindow

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
def open_window(nothing_left: None, qtbot, clip: Path, tmp_path: Path) -> Iterator[Callable[..., ReplayWindow]]:
    """Makes windows that are shown and playing; closes those that the test did not close."""
    opened: list[ReplayWindow] = []

    def opener(
        gate: Callable[[], object] = lambda: None, source: Path | None = None, **options: object
    ) -> ReplayWindow:
        options.setdefault("snapshots", tmp_path / "snapshots")
        window = make_window(lambda: open_source(source or clip), lambda: gated_pipeline(gate), **options)
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
