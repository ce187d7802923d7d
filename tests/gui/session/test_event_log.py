"""What has happened: each thing once, the newest first, and no more than fits."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from colour_engine import ColourEngine
from PyQt6.QtGui import QTextCursor
from PyQt6.QtWidgets import QApplication

from polyplive.gui.session import details, event_log
from polyplive.gui.session.details import Details
from polyplive.gui.session.event_log import EventLog
from polyplive.sessions.live.savings import Late
from polyplive.sessions.recorder.progress import WrittenFile
from polyplive.sessions.recorder.status import RecordingEnd, RecordingStatus
from polyplive.sessions.view import View
from polyplive.sinks.base import Content
from polyplive.types import Frame, SessionState


def texts(log: EventLog) -> list[str]:
    return [event.text for event in log.newest()]


def test_each_thing_is_kept_once_the_newest_first() -> None:
    import numpy as np

    log, frame = EventLog(), Frame(np.zeros((48, 64, 3), np.uint8))
    view = View(frame=frame, state=SessionState.STALE, reason="The model is being opened.")
    for seconds in (0.8, 0.9, 1.0):
        log.see(view)
        lost = dataclasses.replace(view, state=SessionState.NO_SIGNAL, reason=f"No picture for {seconds} s.")
        log.see(lost)
        log.see(dataclasses.replace(lost, reason=f"No picture for {seconds} s. And more of it."))
    view = View(frame=frame, engine=ColourEngine().spec, notices=("card: asked for 60", "disk full"))
    log.see(view)
    log.see(dataclasses.replace(view, notices=(*view.notices, "third")))
    log.see(dataclasses.replace(view, governed="fast runs.", reason="fast runs.", late=Late(300.0, 200.0)))
    assert texts(log) == [
        "Results are 300 ms old most of the time; 200 ms are allowed.",
        "fast runs.",
        "Notice: third",
        "Notice: disk full",
        "Notice: card: asked for 60",
        f"Model: {view.engine.manifest.name} 1, colour on test",
        "Ready",
        "No signal: No picture for 1.0 s.",
        "Stale: The model is being opened.",
        "No signal: No picture for 0.9 s.",
        "Stale: The model is being opened.",
        "No signal: No picture for 0.8 s.",
        "The picture is 64 \u00d7 48",
        "Stale: The model is being opened.",
    ]


def test_recordings_and_marks_are_among_them() -> None:
    log = EventLog()
    log.see(View(recording=RecordingStatus(is_recording=True, contents=(Content.RAW, Content.EVENTS))))
    log.see(View(recording=RecordingStatus(is_recording=True, marks=1)))
    end = RecordingEnd((WrittenFile(Path("/x/raw.mp4"), Content.RAW, 5),), "2026-01-01T00:00:00", 61.0, "stopped")
    for _ in range(2):
        log.see(View(recording=RecordingStatus(marks=1), recorded=(end,)))
    assert texts(log)[:-1] == ["Recording ended (stopped) after 61 s: raw.mp4", "Mark 1", "Recording began: raw"]


@pytest.fixture
def panel(qapp, qtbot, monkeypatch: pytest.MonkeyPatch) -> Details:
    monkeypatch.setattr(details, "MOST", 5)
    made = Details(EventLog())
    qtbot.addWidget(made)
    made.show()
    return made


def test_the_panel_lists_them_keeps_a_selection_and_copies_all(panel: Details) -> None:
    log = panel._log
    for number in range(3):
        log.add(f"event  {number}\nof three")
    panel.show_state(SessionState.FAULT, View(reason="A long reason " * 20))
    lines = panel.events.toPlainText().splitlines()
    assert [line[10:] for line in lines] == [f"event {number} of three" for number in (2, 1, 0)]
    assert panel.reason.text() == "A long reason " * 20
    assert panel.reason.wordWrap()
    assert panel.events.isReadOnly()
    cursor = panel.events.document().find("event 1")
    panel.events.setTextCursor(cursor)
    log.add("another")
    panel.show_state(SessionState.READY, View())
    assert panel.events.toPlainText().splitlines()[0].endswith("another")
    assert panel.events.textCursor().selectedText() == "event 1"
    panel.copy.click()
    copied = QApplication.clipboard().text().splitlines()
    assert copied[0] == "Ready"
    assert copied[1].endswith("another")
    assert len(copied) == 5


def test_the_panel_shows_the_secret_address_and_does_not_copy_it_with_the_rest(panel: Details) -> None:
    panel.show_state(SessionState.READY, View())
    assert not panel.restream.isVisible()
    panel.show_state(SessionState.READY, View(restream="http://127.0.0.1:8080/secret"))
    assert panel.restream.isVisible()
    assert panel.restream.text().endswith("http://127.0.0.1:8080/secret")
    panel.copy.click()
    assert "secret" not in QApplication.clipboard().text()


def test_log_and_panel_are_bounded(panel: Details) -> None:
    log = panel._log
    for number in range(4):
        log.add(f"event {number}")
        panel.show_state(SessionState.READY, View())
    for number in range(4, 12):
        log.add(f"event {number}")
    panel.show_state(SessionState.READY, View())
    lines = [line[10:] for line in panel.events.toPlainText().splitlines()]
    assert lines == [f"event {number}" for number in (11, 10, 9, 8, 7)]
    cursor = QTextCursor(panel.events.document())
    assert not cursor.hasSelection()
    for _ in range(event_log.MOST):
        log.add("x")
    assert len(log.newest(10**6)) == event_log.MOST


def test_whatever_holds_late_results_up_at_the_moment_is_no_news() -> None:
    log, engine = EventLog(), ColourEngine().spec
    for reason in ("No result is younger than 250 ms.", "Results came later than 250 ms: none is drawn.") * 3:
        log.see(View(state=SessionState.STALE, reason=reason, engine=engine))
    assert texts(log)[1:] == ["Stale: No result is younger than 250 ms."]
