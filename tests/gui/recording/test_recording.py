"""Recording in the window: the key and the button, the sign, marks, and what is said at the end."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import TYPE_CHECKING

import av
import pytest
from gated_engine import open_gated
from live_rig import PATIENT_MS, Rig
from PyQt6.QtCore import Qt, QUrl
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import QApplication, QMessageBox
from window_driver import PATIENCE_MS

from polyplive.config import LiveSettings, Settings
from polyplive.gui.parts.quantities import hours_text, size_text
from polyplive.gui.recording.recording_strip import RecordingStrip
from polyplive.gui.review.parts import ReviewParts
from polyplive.gui.review.review_page import ReviewPage
from polyplive.gui.window.main_window import MainWindow
from polyplive.gui.window.opening import LiveOpening, ReplayOpening
from polyplive.gui.window.preferences import Preferences
from polyplive.gui.window.start_page import StartPage
from polyplive.review.live_marks import marks_beside
from polyplive.review.storage import open_review
from polyplive.sessions.opening import open_video
from polyplive.sessions.recorder.recording_files import RecordingSettings
from polyplive.sessions.recorder.status import RecordingStatus
from polyplive.sinks.base import Content
from polyplive.sinks.events import EventsSink
from polyplive.sinks.segments import SegmentSettings, SegmentWriter
from polyplive.types import SessionState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from polyplive.gui.recording.recorded_panel import RecordedRow

Key = Qt.Key


class Program:
    """Opens what is to be reviewed."""

    def recording(self, path: Path) -> ReplayOpening:
        open_video(path).close()
        return ReplayOpening(lambda: open_video(path), open_gated(lambda: None))

    def review(self, path: Path, by: str, name_reviewer, start_s: float = 0.0) -> ReplayOpening:
        def parts() -> ReviewParts:
            review = open_review(path, by=by)
            return ReviewParts(
                review, lambda: open_video(path), read_marks=lambda: marks_beside(path), close=review.close
            )

        return dataclasses.replace(self.recording(path), make_review=parts)


class LiveWindow:
    """The main window with a live session that is fed by hand, and records into a folder of the test's."""

    def __init__(self, qtbot, folder: Path) -> None:
        settings = LiveSettings(PATIENT_MS, governor=False)
        self.rig = Rig({"settings": settings, "with_screen": True, "recording": RecordingSettings(SegmentSettings())})
        self.qtbot = qtbot
        self.folder = folder / "recordings"
        self.window = MainWindow(Program(), Preferences(folder / "window.ini"))
        opening = LiveOpening(self.rig.parts, Settings(), folder / "snapshots", recordings=self.folder)
        with qtbot.waitActive(self.window, timeout=PATIENCE_MS):
            self.window.show()
        self.window.show_opening(opening)
        self.page = self.window.page

    def press(self, key: Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self.qtbot.keyClick(self.window, key, modifier)

    def stream(self, condition) -> None:
        def one_more() -> bool:
            self.rig.send()
            return bool(condition())

        self.qtbot.waitUntil(one_more, timeout=PATIENCE_MS)

    def record(self) -> RecordedRow:
        """Record a little; the row that says so."""
        self.press(Key.Key_R)
        self.stream(lambda: len(self.page.display.view.recording.files) == 2)
        self.press(Key.Key_R)
        self.stream(lambda: self.window.recorded.rows)
        return self.window.recorded.rows[-1]


@pytest.fixture
def live(nothing_left: None, qtbot, tmp_path: Path) -> Iterator[LiveWindow]:
    made = LiveWindow(qtbot, tmp_path)
    made.stream(lambda: made.page.display.view.state is SessionState.READY)
    yield made
    made.rig.ending.set()
    made.window.close()
    made.window.deleteLater()


def frames_of(path: Path) -> int:
    with av.open(str(path)) as video:
        return sum(1 for _ in video.decode(video=0))


def marks_in(path: Path) -> list[tuple[int, str]]:
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [(line["number"], line["text"]) for line in lines if line["type"] == "mark"]


def test_a_key_starts_and_stops_a_recording_that_plays(live: LiveWindow) -> None:
    strip, buttons = live.page.recording_strip, live.page.bar.recording
    assert not strip.isVisible()
    buttons.choice.setCurrentIndex(2)
    live.press(Key.Key_R)
    assert buttons.record.isChecked()
    assert not buttons.choice.isEnabled()
    live.stream(lambda: "left" in strip.figures.text())
    assert strip.sign.text() == "\u25cf REC raw + overlay"
    assert strip.figures.text().startswith("0:00:")
    assert strip.sign.font().pixelSize() >= 0.022 * live.window.height()
    live.press(Key.Key_R)
    live.stream(lambda: live.window.recorded.rows)
    live.stream(lambda: not strip.isVisible())
    assert not buttons.record.isChecked()
    row = live.window.recorded.rows[0]
    assert row.what.text().startswith("Recorded 0:00:")
    assert "raw, overlay, events" in row.what.text()
    videos = sorted(live.folder.glob("polyplive-*.mp4"))
    assert [frames_of(video) > 0 for video in videos] == [True, True]
    assert all(video.name in row.where.text() for video in videos)
    assert all(str(video) in row.where.toolTip() for video in videos)


def test_the_panel_stays_until_it_is_closed_and_helps_to_find_the_files(
    live: LiveWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = live.record()
    shown: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: bool(shown.append(url)))
    row.folder.click()
    assert shown == [QUrl.fromLocalFile(str(live.folder))]
    assert "No program shows folders here" in row.problem.text()
    row.copy.click()
    copied = QApplication.clipboard().text().splitlines()
    assert copied == [
        str(path)
        for path in sorted(live.folder.iterdir(), key=lambda path: path.suffix, reverse=True)
        if path.suffix != ".csv"
    ]
    live.rig.ending.set()
    live.window.close_source()
    assert isinstance(live.window.page, StartPage)
    assert live.window.recorded.isVisible(), "it does not go with the session"
    row.close_row.click()
    assert not live.window.recorded.isVisible()


def test_full_screen_is_the_picture_alone_and_what_was_recorded_waits(live: LiveWindow) -> None:
    live.press(Key.Key_F)
    live.qtbot.waitUntil(live.window.isFullScreen, timeout=PATIENCE_MS)
    live.press(Key.Key_M)
    assert live.page.recording.marks.isVisible(), "a mark is confirmed there too"
    live.record()
    assert not live.window.recorded.isVisible()
    live.page.run_command("leave_fullscreen")
    live.qtbot.waitUntil(live.window.recorded.isVisible, timeout=PATIENCE_MS)


def test_the_buttons_are_whole_in_a_small_window(live: LiveWindow) -> None:
    live.window.resize(800, 480)
    buttons = live.page.bar.recording
    live.stream(lambda: live.page.bar.width() <= 800)
    for widget in (buttons.record, buttons.choice, buttons.mark):
        assert widget.width() >= widget.minimumSizeHint().width()


def test_what_is_recorded_when_the_session_ends_is_whole_and_said(live: LiveWindow) -> None:
    live.press(Key.Key_R)
    live.stream(lambda: live.page.display.view.recording.files)
    live.rig.ending.set()
    live.window.close_source()
    row = live.window.recorded.rows[0]
    video = next(live.folder.glob("*.mp4"))
    assert str(video) in row.where.toolTip()
    assert frames_of(video) > 0


@pytest.mark.skipif(sys.platform == "win32", reason="open files keep their folder there")
def test_what_fails_at_the_very_end_is_said_in_the_window_and_on_stderr(live: LiveWindow, capsys) -> None:
    live.press(Key.Key_R)
    live.stream(lambda: len(live.page.display.view.recording.files) == 2)
    next(live.folder.glob("*.events.jsonl")).unlink()
    live.rig.ending.set()
    live.window.close_source()
    assert "was removed or replaced" in live.window.recorded.rows[0].problem.text()
    assert "was removed or replaced" in capsys.readouterr().err
    assert live.window.failed


def test_a_recording_is_reviewed_once_the_live_session_may_end_with_its_marks(live: LiveWindow) -> None:
    live.press(Key.Key_R)
    live.stream(lambda: len(live.page.display.view.recording.files) == 2)
    live.stream(lambda: live.page.display.view.recording.elapsed_s > 0.2)
    live.press(Key.Key_M)
    live.page.recording.marks.described.emit(1, "caecum")
    live.press(Key.Key_R)
    live.stream(lambda: live.window.recorded.rows)
    row = live.window.recorded.rows[-1]
    video = next(live.folder.glob("*.mp4"))
    row.review.click()
    asked = live.window.findChild(QMessageBox)
    asked.button(QMessageBox.StandardButton.Cancel).click()
    assert live.window.page is live.page
    row.review.click()
    asked = live.window.findChildren(QMessageBox)[-1]
    live.rig.ending.set()
    asked.button(QMessageBox.StandardButton.Ok).click()
    page = live.window.page
    assert isinstance(page, ReviewPage)
    live.qtbot.waitUntil(lambda: bool(page.display.view.frame and page.desk.shown.flags), timeout=PATIENCE_MS)
    assert page.display.view.info.name == video.name
    (flag,) = page.desk.shown.flags
    (mark,) = marks_beside(video)
    assert (flag.text, flag.is_mark, flag.at_s) == ("caecum", True, mark.pts_s)
    assert 0 < flag.at_s <= page.display.view.duration_s


def test_a_mark_is_confirmed_and_takes_a_note_later(live: LiveWindow) -> None:
    marks = live.page.recording.marks

    def is_newest_shown() -> bool:
        frame = live.page.display.view.frame
        return frame is not None and frame.index == live.rig.sent - 1

    live.qtbot.waitUntil(is_newest_shown, timeout=PATIENCE_MS)
    now = hours_text(live.page.display.view.frame.pts_s)
    live.press(Key.Key_M)
    assert marks.text.text() == f"Mark 1 at {now}, in no file yet: the next recording takes it"
    live.press(Key.Key_R)
    live.press(Key.Key_M)
    assert marks.text.text() == f"Mark 2 at {now}"
    assert marks.text.font().pixelSize() >= 0.022 * live.window.height()
    live.press(Key.Key_M, Qt.KeyboardModifier.ShiftModifier)
    assert marks.note.hasFocus()
    live.qtbot.keyClicks(marks.note, "remark")  # whose letters are keys of the window elsewhere
    live.qtbot.keyClick(marks.note, Key.Key_Return)
    assert not marks.isVisible()
    live.stream(lambda: len(live.page.display.view.recording.files) == 2)
    live.press(Key.Key_R)
    live.stream(lambda: live.window.recorded.rows)
    assert marks_in(next(live.folder.glob("*.events.jsonl"))) == [(1, ""), (2, ""), (2, "remark")]


def test_marks_that_came_into_no_file_are_said_at_the_end(live: LiveWindow) -> None:
    live.press(Key.Key_M)
    live.page.recording.marks.described.emit(1, "flat lesion")
    live.rig.ending.set()
    live.window.close_source()
    row = live.window.recorded.rows[0]
    assert row.problem.text().startswith("Marks that are in no file: 1 at 0:00:")
    assert row.problem.text().endswith(" flat lesion")
    assert not row.copy.isVisibleTo(row)


def test_a_mark_goes_by_itself_but_not_while_a_note_is_written(live: LiveWindow, monkeypatch) -> None:
    monkeypatch.setattr("polyplive.gui.recording.mark_row.SHOWN_MS", 1)
    marks = live.page.recording.marks
    live.press(Key.Key_M)
    live.qtbot.waitUntil(lambda: not marks.isVisible(), timeout=PATIENCE_MS)
    live.press(Key.Key_M, Qt.KeyboardModifier.ShiftModifier)
    marks._time_out()
    assert marks.isVisible()


def test_where_nothing_can_be_written_it_is_said_and_the_video_goes_on(live: LiveWindow) -> None:
    live.folder.write_text("no folder")
    live.press(Key.Key_R)
    assert not live.page.bar.recording.record.isChecked()
    shown = live.page.session.summary().shown
    live.stream(lambda: live.page.session.summary().shown > shown + 3)
    assert live.page.recording_strip.sign.text() == "NOT RECORDING"
    assert "no folder" in live.page.recording_strip.problem.text()
    assert any("no folder" in event.text for event in live.page.log.newest())
    live.folder.unlink()
    live.press(Key.Key_R)
    live.stream(lambda: live.page.recording_strip.sign.text() == "\u25cf REC raw")
    assert live.page.recording_strip.problem.text() == ""


def test_a_replay_says_what_it_wrote_when_its_video_is_over(
    nothing_left: None, qtbot, clip: Path, tmp_path: Path
) -> None:
    video, events = tmp_path / "overlay.mp4", tmp_path / "events.jsonl"
    sinks = (SegmentWriter(video, SegmentSettings(free_mib=0)), EventsSink(events))
    window = MainWindow(Program(), Preferences(tmp_path / "window.ini"))
    window.show()
    window.show_opening(ReplayOpening(lambda: open_video(clip), open_gated(lambda: None), sinks=sinks))
    qtbot.waitUntil(lambda: bool(window.recorded.rows), timeout=PATIENCE_MS)
    assert window.page.display.view.state is SessionState.ENDED
    assert window.recorded.rows[0].where.text() == f"overlay.mp4, events.jsonl  in {tmp_path}"
    window.close()
    assert len(window.recorded.rows) == 1
    window.deleteLater()


def test_a_failure_stands_in_red_until_it_is_dismissed(qtbot) -> None:
    strip = RecordingStrip()
    qtbot.addWidget(strip)
    running = RecordingStatus(is_recording=True, contents=(Content.RAW,), elapsed_s=3751, bytes_written=1_234_567_890)
    full = RecordingStatus(error="No room left to write 'raw.mp4'. Free some space.")
    strip.update_from(dataclasses.replace(running, free_bytes=98_700_000_000, pieces=2))
    assert strip.figures.text() == "1:02:31  \u00b7  1.2 GB  \u00b7  98.7 GB left  \u00b7  file 2"
    strip.update_from(full)
    assert (strip.sign.text(), strip.problem.text()) == ("NOT RECORDING", full.error)
    strip.dismiss.click()
    strip.update_from(full)
    assert not strip.isVisible()
    strip.update_from(running)
    strip.update_from(full)
    assert strip.problem.text() == full.error, "it is another recording's"
    strip.update_from(RecordingStatus(finishing=1))
    assert strip.figures.text() == "Finishing the recording: 1 frame to write"


def test_sizes_and_times_as_people_read_them() -> None:
    assert [size_text(size) for size in (0, 999, 1000, 999_999, 1_000_000, 12_345_678, 5e14)] == [
        "0 bytes",
        "999 bytes",
        "1 kB",
        "1.0 MB",
        "1.0 MB",
        "12.3 MB",
        "500 TB",
    ]
    assert [hours_text(seconds) for seconds in (-1, 59.9, 3600, 45296)] == ["0:00:00", "0:00:59", "1:00:00", "12:34:56"]


@pytest.mark.parametrize("command", ["play_demo", "close_source", "quit"])
def test_a_live_session_that_records_ends_for_nothing_that_was_not_agreed_to(live: LiveWindow, command: str) -> None:
    live.press(Key.Key_R)
    live.stream(lambda: len(live.page.display.view.recording.files) == 2)
    live.window.run_command(command)
    asked = live.window.findChild(QMessageBox)
    assert asked.text().startswith("End the live session and its recording to ")
    assert asked.defaultButton() is asked.button(QMessageBox.StandardButton.Cancel)
    live.qtbot.keyClick(asked, Key.Key_Escape)
    assert live.window.isVisible()
    assert live.window.page is live.page
    assert live.page.is_recording
    live.rig.ending.set()


def test_a_live_session_that_records_nothing_ends_with_the_window_at_once(live: LiveWindow) -> None:
    live.rig.ending.set()
    live.window.run_command("quit")
    assert not live.window.isVisible()
