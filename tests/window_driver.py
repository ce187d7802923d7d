"""Drives the window of a recording as a user does, and waits for what it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt

from polyplive.types import SessionState

if TYPE_CHECKING:
    from polyplive.gui.session.replay_page import ReplayPage

PATIENCE_MS = 60_000
Key = Qt.Key


def paused(window: ReplayPage, qtbot, index: int | None = None) -> None:
    """Wait until the window stands still, at frame ``index``, with that frame's own result."""

    def stands() -> bool:
        view = window.display.view
        return (
            view.state in (SessionState.PAUSED, SessionState.ENDED)
            and view.frame is not None
            and view.prediction is not None
            and view.prediction.index == view.frame.index
            and (index is None or view.frame.index == index)
        )

    qtbot.waitUntil(stands, timeout=PATIENCE_MS)


def playing(window: ReplayPage, qtbot) -> None:
    """Wait until it plays with its model: the first picture of all may come before that."""

    def is_playing() -> bool:
        view = window.display.view
        return view.frame is not None and view.engine is not None and view.playing

    qtbot.waitUntil(is_playing, timeout=PATIENCE_MS)


def press(window: ReplayPage, qtbot, key: Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    qtbot.keyClick(window, key, modifier)
