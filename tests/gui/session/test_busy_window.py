"""The window while its engine or its own drawing is slow, and how it ends."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from window_driver import PATIENCE_MS, Key, paused, press

from polyplive.types import SessionState

if TYPE_CHECKING:
    from polyplive.gui.session.replay_page import ReplayPage
    from polyplive.sessions.view import View


class SlowEngine:
    """A gate that the test opens; until then the engine is busy."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.go_on = threading.Event()

    def __call__(self) -> None:
        self.entered.set()
        assert self.go_on.wait(PATIENCE_MS / 1000)


def test_keys_are_handled_while_the_engine_is_busy(open_window, qtbot) -> None:
    engine = SlowEngine()
    window = open_window(engine)
    assert engine.entered.wait(PATIENCE_MS / 1000)
    press(window, qtbot, Key.Key_O)
    press(window, qtbot, Key.Key_Space)
    press(window, qtbot, Key.Key_Right)
    window.panel.threshold.slider.setValue(40)
    press(window, qtbot, Key.Key_B)
    assert not window.display.overlay.visible
    assert window.display.side_by_side
    assert not engine.go_on.is_set(), "all of this happened while the engine was in its first call"
    engine.go_on.set()
    paused(window, qtbot, 1)


def test_closing_while_the_engine_is_busy_ends_every_thread(open_window, qtbot) -> None:
    engine = SlowEngine()
    window = open_window(engine)
    assert engine.entered.wait(PATIENCE_MS / 1000)
    (playback,) = (thread for thread in threading.enumerate() if thread.name == "polyplive-playback")
    releaser = threading.Thread(target=lambda: (playback.join(), engine.go_on.set()))
    releaser.start()
    window.close()
    releaser.join()
    assert window.survivors == ()
    assert not window.isVisible()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("polyplive")]


def test_closing_at_once_ends_every_thread(open_window) -> None:
    window = open_window()
    window.close()
    assert window.survivors == ()


class SlowEyes:
    """Takes the window's next view only when the player has sent as many ahead as it will."""

    def __init__(self, window: ReplayPage) -> None:
        self._news = threading.Condition()
        self._sent = self._taken = 0
        self._newest = self._seen = 0
        self._ended = False
        self.most_frames_ahead = 0
        window._bridge.arrived.connect(self._count, Qt.ConnectionType.DirectConnection)
        window._bridge.arrived.connect(self._wait)  # after the window's own slot, in Qt's thread

    def _count(self, view: View) -> None:
        """In the player's thread."""
        with self._news:
            self._sent += 1
            self._ended |= view.state is SessionState.ENDED
            self._newest = _place(view)
            self.most_frames_ahead = max(self.most_frames_ahead, self._newest - self._seen)
            self._news.notify()

    def _wait(self, view: View) -> None:
        with self._news:
            self._taken += 1
            self._seen = _place(view)
            ahead = self._news.wait_for(lambda: self._ended or self._sent - self._taken >= 3, PATIENCE_MS / 1000)
        assert ahead, "the player waits although the window has taken its views"


def _place(view: View) -> int:
    return view.frame.index + 1 if view.frame is not None else 0


def test_a_burst_of_views_does_not_pile_up(open_window, qtbot) -> None:
    window = open_window()
    eyes = SlowEyes(window)
    window.player.set_speed(100.0)
    qtbot.waitUntil(lambda: window.display.view.state is SessionState.ENDED, timeout=PATIENCE_MS)
    assert 1 < eyes.most_frames_ahead <= 4, "three wait, and one is in the hands of the window"
