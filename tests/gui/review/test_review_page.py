"""A review as a user does it: by keys, menus, buttons and the list, while the analysis goes on."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from made_timelines import FRAME_S, made_timeline, made_track
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QAbstractButton, QApplication, QInputDialog, QLabel, QLineEdit
from reviewed_recording import ReviewedRecording
from window_driver import PATIENCE_MS, Key, paused

from polyplive.gui.parts.shortcuts import REVIEW_SHORTCUTS, SHORTCUTS, ShortcutDialog
from polyplive.gui.review.arrays import TimelineArrays
from polyplive.gui.review.parts import AnalysisState
from polyplive.gui.review.review_bar import progress_text
from polyplive.gui.review.review_page import ReviewPage
from polyplive.gui.window.main_window import MainWindow
from polyplive.gui.window.preferences import Preferences
from polyplive.review.decisions import Verdict
from polyplive.review.timeline import Timeline
from polyplive.review.tracks import Sighting, Track

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
FRAMES = 20
DURATION_S = FRAMES * FRAME_S


@pytest.fixture(scope="module")
def program(clip: Path) -> ReviewedRecording:
    return ReviewedRecording(clip)


@pytest.fixture(scope="module")
def shared(qapp: QApplication, program: ReviewedRecording, tmp_path_factory) -> Iterator[MainWindow]:
    """One window for all tests, which opens a recording once."""
    made = MainWindow(program, Preferences(tmp_path_factory.mktemp("review") / "window.ini"))
    made.show()
    made.open_review(program.clip)
    yield made
    made.close()
    made.deleteLater()
    qapp.processEvents()


@pytest.fixture
def window(shared: MainWindow, program: ReviewedRecording, qtbot) -> MainWindow:
    """With nothing found or decided, paused at the first frame."""
    page = shared.page
    assert isinstance(page, ReviewPage)
    with qtbot.waitActive(shared, timeout=PATIENCE_MS):
        shared.activateWindow()
    shared.resize(1280, 800)
    page.desk.select(None)
    page.desk.review = program.begin_again()
    page.desk.take_arrays(TimelineArrays.of(Timeline(DURATION_S)))
    for button in page.findings.filters.values():
        button.setChecked(True)
    program.analysis.state = AnalysisState()
    page.video.setFocus()
    page.player.pause()
    page.player.seek(0.0)
    paused(page, qtbot, 0)
    return shared


@pytest.fixture
def page(window: MainWindow, program: ReviewedRecording, qtbot) -> ReviewPage:
    """With three findings, of which the last two are in view together."""
    page = window.page
    found(page, program, qtbot)
    return page


def found(page: ReviewPage, program: ReviewedRecording, qtbot) -> None:
    """Three findings, best at the frames 3, 9 and 13."""
    spans = (0.08, 0.16), (0.28, 0.44), (0.4, 0.64)
    tracks = tuple(made_track(number, span, step_s=FRAME_S) for number, span in enumerate(spans, 1))
    program.analysis.find(Timeline(DURATION_S, ((0, 0.6),), tracks), AnalysisState(0.75, 200))
    qtbot.waitUntil(lambda: len(page.desk.shown.timeline.tracks) == 3, timeout=PATIENCE_MS)


def press(page: ReviewPage, qtbot, key: Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    page._show_state()  # which a timer does five times a second
    qtbot.keyClick(QApplication.focusWidget() or page, key, modifier)


def verdicts(page: ReviewPage) -> list[Verdict]:
    return [page.desk.review.decision(number).verdict for number in (1, 2, 3)]


def test_it_can_be_used_before_anything_is_found(window, program, qtbot) -> None:
    page = window.page
    assert program.analysis.calls[0] == "start"
    for command in ("next_finding", "accept", "undo"):
        assert not page.actions_by_command[command].isEnabled()
    assert page.actions_by_command["accept"].toolTip() == "There are no findings so far"
    assert page.review_bar.buttons["accept"].toolTip() == "There are no findings so far"
    assert page.findings.empty.text() == "No findings so far"
    press(page, qtbot, Key.Key_T)
    qtbot.keyClicks(QApplication.focusWidget(), "ileum")
    press(page, qtbot, Key.Key_Return)
    assert [note.text for note in page.desk.review.notes] == ["ileum"]


def test_n_and_p_go_to_the_best_frames_and_a_and_r_decide(page, qtbot) -> None:
    for key, index, number in ((Key.Key_N, 3, 1), (Key.Key_N, 9, 2), (Key.Key_N, 13, 3), (Key.Key_P, 9, 2)):
        press(page, qtbot, key)
        paused(page, qtbot, index)
        assert page.desk.selected == number
    press(page, qtbot, Key.Key_A)
    assert verdicts(page) == [Verdict.UNSEEN, Verdict.ACCEPTED, Verdict.UNSEEN]
    assert page.strip.text.text() == "Finding 2: accepted"
    press(page, qtbot, Key.Key_R)
    assert verdicts(page)[1] is Verdict.REJECTED
    press(page, qtbot, Key.Key_R)
    assert verdicts(page)[1] is Verdict.UNSEEN, "the same again takes it back"
    press(page, qtbot, Key.Key_Z, CTRL)
    assert verdicts(page)[1] is Verdict.REJECTED
    press(page, qtbot, Key.Key_Z, CTRL | SHIFT)
    assert verdicts(page)[1] is Verdict.UNSEEN
    assert page.findings.filters[Verdict.UNSEEN].text().endswith(" 3")


def test_f_and_d_step_as_in_programs_for_annotation(page, qtbot) -> None:
    press(page, qtbot, Key.Key_F)
    paused(page, qtbot, 1)
    press(page, qtbot, Key.Key_F, SHIFT)
    paused(page, qtbot, 11)
    press(page, qtbot, Key.Key_D)
    paused(page, qtbot, 10)
    press(page, qtbot, Key.Key_D, SHIFT)
    paused(page, qtbot, 0)
    press(page, qtbot, Key.Key_Right)
    paused(page, qtbot, 1)


def test_without_a_selection_a_verdict_is_for_the_finding_in_view(page, qtbot) -> None:
    page._show_state()
    assert page.actions_by_command["accept"].toolTip() == "No finding is selected or in view"
    page.player.seek(0.12)
    paused(page, qtbot, 3)
    assert page.review_bar.finding.text().startswith("Finding 1") is False
    page._show_state()
    assert page.review_bar.finding.text().startswith("In view: Finding 1: unseen, of 3")
    press(page, qtbot, Key.Key_A)
    assert verdicts(page) == [Verdict.ACCEPTED, Verdict.UNSEEN, Verdict.UNSEEN]
    assert page.desk.selected == 1


def test_a_note_is_written_changed_and_removed_by_keys_alone(page, qtbot) -> None:
    press(page, qtbot, Key.Key_N)
    paused(page, qtbot, 3)
    press(page, qtbot, Key.Key_T)
    field = QApplication.focusWidget()
    assert isinstance(field, QLineEdit)
    qtbot.keyClicks(field, "a flat one, next to N")  # letters that are keys elsewhere
    press(page, qtbot, Key.Key_Return)
    note = page.desk.review.notes[0]
    assert (note.text, note.track, note.at_s) == ("a flat one, next to N", 1, pytest.approx(0.12))
    assert page.timeline.shown.flags[0].text == note.text
    assert "1 note" in page.findings.model.data(page.findings.model.index(0), Qt.ItemDataRole.AccessibleTextRole)
    press(page, qtbot, Key.Key_T)
    qtbot.keyClicks(QApplication.focusWidget(), "!")
    press(page, qtbot, Key.Key_Escape)
    assert page.desk.review.notes[0].text == note.text, "left as it was"
    press(page, qtbot, Key.Key_End)
    paused(page, qtbot, FRAMES - 1)
    press(page, qtbot, Key.Key_J, SHIFT)
    paused(page, qtbot, 3)
    press(page, qtbot, Key.Key_T)
    QApplication.focusWidget().selectAll()
    press(page, qtbot, Key.Key_Delete)
    press(page, qtbot, Key.Key_Return)
    assert page.desk.review.notes == ()
    press(page, qtbot, Key.Key_Z, CTRL)
    assert len(page.desk.review.notes) == 1


def test_list_and_timeline_select_alike_and_the_list_leaves_verdicts_out(page, qtbot) -> None:
    page.findings.view.setFocus()
    press(page, qtbot, Key.Key_Down)
    press(page, qtbot, Key.Key_Down)
    paused(page, qtbot, 9)
    assert page.desk.selected == 2
    page.timeline.selected.emit(3)
    paused(page, qtbot, 13)
    assert page.findings.view.currentIndex().row() == 2
    press(page, qtbot, Key.Key_R)
    qtbot.mouseClick(page.findings.filters[Verdict.REJECTED], Qt.MouseButton.LeftButton)
    assert page.findings.model.numbers == [1, 2]
    page.player.seek(0.3)
    paused(page, qtbot, 7)
    page.desk.select(2, go=False)
    assert page.desk.neighbour(1) is None, "N leaves them out as well"
    assert page.desk.neighbour(-1).number == 1


def test_a_selection_stays_with_its_finding_when_the_analysis_numbers_anew(page, program, qtbot) -> None:
    page.desk.select(2)
    paused(page, qtbot, 9)
    tracks = page.desk.shown.timeline.tracks
    earlier = made_track(1, (0.0, 0.04), step_s=FRAME_S)
    renumbered = (earlier, *(Track(one.number + 1, one.sightings, FRAME_S) for one in tracks))
    program.analysis.find(Timeline(DURATION_S, ((0, DURATION_S),), renumbered), AnalysisState(1.0, is_over=True))
    qtbot.waitUntil(lambda: len(page.desk.shown.timeline.tracks) == 4, timeout=PATIENCE_MS)
    assert page.desk.selected == 3
    assert page.findings.view.currentIndex().row() == 2
    assert page.review_bar.pause.isVisible() is False


def test_labels_on_the_picture_have_the_numbers_of_the_review(page, program, qtbot) -> None:
    prediction = page.display.view.prediction
    assert prediction.detections
    assert {name for _, name in page.display.scene.hud.names} == {"Polyp"}, "the review does not know them"
    largest = max(prediction.detections, key=lambda one: one.area_px)
    seen = Sighting(0, 0.0, largest.bbox, largest.area_px, 0.1, 0.9, largest.track)
    known = Track(7, (seen,), FRAME_S)
    program.analysis.find(Timeline(DURATION_S, ((0, 0.1),), (known,)), AnalysisState(0.1))
    qtbot.waitUntil(lambda: page.desk.shown.timeline.tracks == (known,), timeout=PATIENCE_MS)
    assert dict(page.display.scene.hud.names)[largest.track] == "Polyp 7"
    page.desk.select(7)
    press(page, qtbot, Key.Key_A)
    assert dict(page.display.scene.hud.names)[largest.track] == "Polyp 7 accepted"


def test_the_analysis_says_how_far_it_is_and_rests_when_told(page, program, qtbot) -> None:
    page._show_state()
    assert page.review_bar.progress.text() == "Analysed 75 % · 4 min left"
    press(page, qtbot, Key.Key_Y)
    assert program.analysis.calls[-1] == "pause"
    assert page.review_bar.progress.text() == "Analysed 75 % · paused"
    qtbot.mouseClick(page.review_bar.pause, Qt.MouseButton.LeftButton)
    assert program.analysis.calls[-1] == "resume"
    assert progress_text(AnalysisState(0.4, problem="The disk is full."), 0.4) == "Analysed 40 % · stopped by an error"
    assert progress_text(AnalysisState(0.2, 5400), 0.2) == "Analysed 20 % · 1.5 h left"
    assert progress_text(AnalysisState(0.98, 30), 0.98) == "Analysed 98 % · less than a minute left"


def test_what_stops_the_analysis_is_said_once_and_stays_until_it_is_read(page, program, qtbot) -> None:
    program.analysis.find(
        program.analysis.timeline, AnalysisState(0.4, is_over=True, problem="The model failed. Again.")
    )
    qtbot.waitUntil(lambda: "The model failed" in page.strip.text.text(), timeout=PATIENCE_MS)
    assert page.review_bar.progress.text() == "Analysed 75 % · stopped by an error"
    assert page.actions_by_command["toggle_analysis"].toolTip() == "The analysis is over"
    page.strip.read()
    page._show_state()
    assert page.strip.text.text() != "Analysis: The model failed. Again."


def test_what_takes_long_is_not_done_in_the_windows_thread(page, program, monkeypatch, qtbot) -> None:
    """An hour full of findings is a tenth of a second of arithmetic: the analysis's thread does it."""
    threads: list[int] = []
    make = TimelineArrays.of

    def noted(timeline: Timeline) -> TimelineArrays:
        threads.append(threading.get_ident())
        return make(timeline)

    monkeypatch.setattr(TimelineArrays, "of", noted)
    more = made_timeline(300, 2)
    finder = threading.Thread(target=lambda: program.analysis.find(more, AnalysisState(0.9)))
    finder.start()
    qtbot.waitUntil(lambda: len(page.desk.shown.timeline.tracks) == 300, timeout=PATIENCE_MS)
    finder.join()
    page.desk.select(200, go=False)
    press(page, qtbot, Key.Key_A)
    assert threads
    assert threading.get_ident() not in threads
    assert page.findings.model.rowCount() == 300


def test_every_key_of_a_review_is_unique_in_the_list_and_in_a_menu(page, window, qtbot) -> None:
    keys = [key for shortcut in REVIEW_SHORTCUTS for key in shortcut.keys]
    assert len(keys) == len(set(keys))
    own = [shortcut for shortcut in REVIEW_SHORTCUTS if shortcut.group == "Review"]
    titles = {menu.title(): menu for action in window.menuBar().actions() if (menu := action.menu())}
    assert {item.text for item in own} == {action.text() for action in titles["&Review"].actions()}
    page.show_help()
    listed = page.findChild(ShortcutDialog)
    texts = {label.text() for label in listed.findChildren(QLabel)}
    assert {item.text for item in own} | {"U", "Shift+T"} <= texts
    listed.close()
    assert "(U)" in page.panel.switches["scores"].toolTip()
    assert {one.command for one in SHORTCUTS} & {one.command for one in own} == set()
    assert all(item.text in texts for item in own)


def test_every_control_has_a_name_and_is_reached_by_tab(page, qtbot) -> None:
    shown = [one for one in page.findChildren(QAbstractButton) if one.isVisible() and one.isEnabled()]
    page.video.setFocus()
    reached = set()
    for _ in range(len(shown) + 12):
        qtbot.keyClick(QApplication.focusWidget(), Key.Key_Tab)
        reached.add(QApplication.focusWidget())
    assert {page.timeline, page.findings.view} <= reached
    for one in shown:
        assert one.accessibleName() or one.text(), one
        assert one in reached, one.accessibleName()


def test_the_timeline_seeks_and_a_small_window_leaves_room_for_the_picture(page, window, qtbot) -> None:
    page.timeline.sought.emit(0.5)
    paused(page, qtbot, 12)
    tall = page.timeline.height()
    window.resize(800, 600)
    qtbot.waitUntil(lambda: page.width() == 800, timeout=PATIENCE_MS)
    assert page.timeline.height() < tall
    assert not page.findings.isVisible()
    press(page, qtbot, Key.Key_W)
    assert page.findings.isVisible()
    assert page.video.height() > 180


def test_thumbnails_come_from_the_video_in_another_thread(page, qtbot) -> None:
    tracks = page.desk.shown.timeline.tracks
    page.timeline.repaint()
    qtbot.waitUntil(lambda: all(page.thumbnails.picture(track) for track in tracks), timeout=PATIENCE_MS)
    picture = page.thumbnails.picture(tracks[0])
    colours = {picture.toImage().pixel(x, y) for x in range(0, 128, 8) for y in range(0, 94, 8)}
    assert len(colours) > 1


def test_who_reviews_is_remembered_and_nobody_has_to_say_it(page, window, monkeypatch, qtbot) -> None:
    assert page.desk.review.by == ""
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("Ada", True))
    press(page, qtbot, Key.Key_N, CTRL | SHIFT)
    assert page.desk.review.by == "Ada"
    assert window.preferences.reviewer == "Ada"
    page.desk.select(1)
    press(page, qtbot, Key.Key_A)
    assert page.desk.review.decision(1).by == "Ada"


def test_a_recording_that_plays_is_reviewed_from_where_it_is(window, program, qtbot) -> None:
    assert window._actions["review"].toolTip() == "It is being reviewed"
    window.open_recording(program.clip)
    assert program.closed == 1
    assert program.analysis.calls[-1] == "close"
    window.page.player.pause()
    paused(window.page, qtbot)
    window.page.player.seek(0.4)
    paused(window.page, qtbot, 10)
    qtbot.keyClick(window.page, Key.Key_R, CTRL)
    assert isinstance(window.page, ReviewPage)
    assert program.asked[-1] == ("Ada", pytest.approx(0.4))
    window.close_source()
    assert window._actions["review"].toolTip() == "Only a recording can be reviewed"
