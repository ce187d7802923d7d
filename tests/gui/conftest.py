"""Windows for tests: each test gets fresh ones, and fails when it leaves a widget or a thread behind."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from clipmaker import write_clip
from gated_engine import open_gated
from PyQt6.QtCore import QCoreApplication, QEvent
from PyQt6.QtWidgets import QApplication
from window_driver import PATIENCE_MS, paused

from polyplive.gui.app import make_application
from polyplive.gui.review import parts
from polyplive.gui.session import session_page
from polyplive.gui.window.opening import ReplayOpening
from polyplive.sessions.opening import open_video

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from polyplive.gui.session.replay_page import ReplayPage

FRAMES = 20


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    """The application with its own looks, so that the tests see what users see."""
    return make_application()


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("window") / "clip.mp4", FRAMES)


@pytest.fixture(autouse=True)
def patient_closing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window that is closed gives its threads longer to end: that the machine is busy is no fault of theirs."""
    monkeypatch.setattr(session_page, "CLOSE_TIMEOUT_S", PATIENCE_MS / 1000)
    monkeypatch.setattr(parts, "ENDS_WITHIN_S", PATIENCE_MS / 1000)


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
    """Makes windows that are shown and playing, or paused at the first frame; closes what the test did not.

    ``before_start`` gets the window while no view can have come.
    """
    opened: list[ReplayPage] = []

    def opener(
        gate: Callable[[], object] = lambda: None,
        source: Path | None = None,
        *,
        playing: bool = True,
        before_start: Callable[[ReplayPage], object] = lambda window: None,
        **options: object,
    ) -> ReplayPage:
        options.setdefault("snapshots", tmp_path / "snapshots")
        window = ReplayOpening(lambda: open_video(source or clip), open_gated(gate), **options).make_page()
        opened.append(window)
        with qtbot.waitActive(window, timeout=PATIENCE_MS):
            window.show()
        before_start(window)
        if not playing:  # said before the start: a clip may be over before a key is pressed
            window.player.pause()
        window.start()
        return window

    yield opener
    for window in opened:
        window.close()
        assert window.player.close(PATIENCE_MS / 1000) == ()
        window.deleteLater()
    opened.clear()


@pytest.fixture
def window(open_window: Callable[..., ReplayPage], qtbot) -> ReplayPage:
    """Paused at the first frame."""
    made = open_window(playing=False)
    paused(made, qtbot, 0)
    return made
