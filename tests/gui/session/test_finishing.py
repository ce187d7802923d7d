"""A window that is closed while its recording is still being written: all of that is written, and people see it."""

from __future__ import annotations

import dataclasses
import threading
from typing import TYPE_CHECKING

from live_rig import Rig
from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QApplication, QLabel
from stuck_sink import StuckSink
from window_driver import PATIENCE_MS

from polyplive.gui.session.display import Display
from polyplive.gui.session.live_page import LivePage
from polyplive.sessions.live import LiveSession
from polyplive.sessions.recorder.recorder import Recorder
from polyplive.sessions.recorder.thread import RecorderThread

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_it_says_how_much_is_left_and_ends_when_all_is_written(
    nothing_left: None, qtbot, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sink = StuckSink(threading.Event())
    recorder = RecorderThread(Recorder([sink]))
    rig = Rig({"recorders": (recorder,)})
    parts = dataclasses.replace(rig.session._parts, with_screen=True)
    window = LivePage(lambda on_news: LiveSession(parts, on_news), Display(), tmp_path)
    qtbot.addWidget(window)
    rig.session = window.session
    window.show()
    window.start()
    rig.send(20)
    qtbot.waitUntil(lambda: recorder.waiting >= 15, timeout=PATIENCE_MS)
    seen: list[str] = []

    def look() -> None:
        """Runs while the window is being closed, as soon as there is anything to see."""
        labels = [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, QLabel)]
        if texts := [label.text() for label in labels if label.isVisible() and "still to be written" in label.text()]:
            seen.extend(texts)
            sink.let_go.set()

    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(10)
    rig.ending.set()
    window.close()
    timer.stop()
    assert seen
    assert int(seen[0].split()[0]) >= 15
    assert "frames are still to be written. Ctrl-C abandons them." in capsys.readouterr().err
    assert not window.isVisible()
    assert "polyplive-recorder" not in window.survivors
    assert sink.written + recorder.left_out == window.session.summary().tally.read
