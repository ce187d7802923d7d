"""The window tells its session at which size it shows frames, and finds overlays drawn in the engine's thread."""

from __future__ import annotations

import threading

import pytest
from drawing_threads import drawing_threads
from window_driver import PATIENCE_MS, Key, paused, press


@pytest.mark.parametrize("zoom", [0, 4])
def test_a_recordings_overlays_are_drawn_in_the_engines_thread(
    open_window, qtbot, monkeypatch: pytest.MonkeyPatch, zoom: int
) -> None:
    threads = drawing_threads(monkeypatch)
    window = open_window(playing=False)
    paused(window, qtbot)
    window.video.zoom_by(zoom)
    window.video.repaint()  # now the size is known, and all later results are drawn for it
    window.player.seek(0.2)
    qtbot.waitUntil(lambda: window.display.view.generation > 0, timeout=PATIENCE_MS)
    paused(window, qtbot)
    threads.clear()
    shown = window.display.view.frame.index
    for step in (1, 2, 3):
        press(window, qtbot, Key.Key_Right)
        paused(window, qtbot, shown + step)
        window.video.repaint()
    assert set(threads) == {"polyplive-engine"}
    window.resize(900, 700)
    qtbot.waitUntil(lambda: window.width() == 900, timeout=PATIENCE_MS)
    window.video.repaint()
    assert set(threads) == {"polyplive-engine", threading.current_thread().name}, "a first painting at another size"
