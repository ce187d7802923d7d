"""The timeline with findings that were made up: what is seen, and what keys, pointer and screen readers do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from made_timelines import made_timeline, made_track
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QColor, QHelpEvent, QPixmap, QWheelEvent
from PyQt6.QtWidgets import QApplication, QToolTip

from polyplive.gui.parts.theme import ACCENT, WARNING
from polyplive.gui.review.arrays import TimelineArrays
from polyplive.gui.review.bars import MOST_LANES
from polyplive.gui.review.places import said_of
from polyplive.gui.review.shown import Flag, Shown
from polyplive.gui.review.timeline_widget import TimelineWidget
from polyplive.review.decisions import Verdict
from polyplive.review.timeline import Quality, QualitySpan, Timeline

if TYPE_CHECKING:
    from collections.abc import Iterator

DURATION_S = 600.0
FLAGS = (Flag(120.0, "ileum", False, 1, None), Flag(300.0, "caecum", True, 2))


def shown_of(timeline: Timeline, **verdicts: Verdict) -> Shown:
    return Shown(TimelineArrays.of(timeline), FLAGS, {int(name[1:]): verdict for name, verdict in verdicts.items()})


def three() -> Timeline:
    """One at 60 s, a second at 200 s with a gap in it, a third at the same time as the second."""
    tracks = made_track(1, (60, 80)), made_track(2, (200, 220), (240, 260)), made_track(3, (210, 230))
    flaw = QualitySpan(Quality.BLURRED, 50.0, 90.0)
    return Timeline(DURATION_S, ((0.0, 400.0),), tracks, (flaw,))


@pytest.fixture
def widget(nothing_left: None, qtbot) -> Iterator[TimelineWidget]:
    made = TimelineWidget()
    made.show_content(shown_of(three(), _1=Verdict.ACCEPTED, _3=Verdict.REJECTED))
    made.resize(1280, made.rows.height)
    with qtbot.waitExposed(made):
        made.show()
    yield made
    made.close()
    made.deleteLater()


def at(widget: TimelineWidget, time_s: float, lane: int | None = 0, *, row: int = 0) -> QPoint:
    """The point at a time, on a lane of the findings or at a height."""
    left = widget._make_scenery().left
    y = widget.rows.lane_top(lane) + widget.rows.lane - 2 if lane is not None else row
    return QPoint(round(left + widget.axis.x_of(time_s)), y)


def colour(widget: TimelineWidget, point: QPoint) -> QColor:
    return widget.grab().toImage().pixelColor(point)


def heard(signal) -> list:
    values: list = []
    signal.connect(lambda *given: values.append(given[0]))
    return values


def test_findings_lie_in_lanes_in_the_colour_of_their_verdicts(widget) -> None:
    assert widget.axis.is_whole
    assert colour(widget, at(widget, 70)) == QColor(ACCENT), "accepted"
    assert colour(widget, at(widget, 200.5)) == QColor(WARNING), "unseen: its border"
    assert colour(widget, at(widget, 230)) != QColor(WARNING), "a gap in the track"
    assert widget.shown.arrays.bars.lane.tolist() == [0, 0, 0, 1], "two at once have a lane each"
    heights = []
    for time_s, lane in ((70, 0), (210, 0), (220, 1)):
        free = [colour(widget, at(widget, 150, lane) - QPoint(0, up)) for up in range(widget.rows.lane - 2)]
        bar = [colour(widget, at(widget, time_s, lane) - QPoint(0, up)) for up in range(widget.rows.lane - 2)]
        heights.append(sum(one != other for one, other in zip(free, bar, strict=True)))
    assert heights[0] > heights[1] > heights[2], "verdicts are told apart by height as well"


def test_what_is_not_analysed_is_hatched_and_flaws_have_strips(widget) -> None:
    image = widget.grab().toImage()
    row = widget.rows.lane_top(2) + 4
    ground = {image.pixelColor(at(widget, time_s, None, row=row)).name() for time_s in range(300, 390, 1)}
    hatched = {image.pixelColor(at(widget, time_s, None, row=row)).name() for time_s in range(410, 590, 1)}
    assert len(hatched) > len(ground & hatched)
    strip = widget.rows.quality_top(Quality.BLURRED) + 1
    assert image.pixelColor(at(widget, 70, None, row=strip)) != image.pixelColor(at(widget, 150, None, row=strip))
    assert image.pixelColor(at(widget, 70)) == QColor(ACCENT), "a flaw hides no finding"


def test_a_click_selects_a_finding_or_a_flag_and_otherwise_seeks(widget, qtbot) -> None:
    selected, sought, flags = heard(widget.selected), heard(widget.sought), heard(widget.flag_chosen)
    left = Qt.MouseButton.LeftButton
    qtbot.mouseClick(widget, left, pos=at(widget, 250))
    qtbot.mouseClick(widget, left, pos=at(widget, 300, None, row=widget.rows.flags + 5))
    assert (selected, flags, sought) == ([2], [FLAGS[1]], [])
    qtbot.mouseClick(widget, left, pos=at(widget, 500))
    qtbot.mouseClick(widget, left, pos=at(widget, 100, None, row=5))
    assert sought == pytest.approx([500, 100], abs=1)


def test_wheel_and_keys_zoom_around_a_place_and_move(widget, qtbot) -> None:
    point = QPointF(at(widget, 200))
    before = widget.axis.x_of(200)

    def turn(by: int, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        phase = Qt.ScrollPhase.NoScrollPhase
        turned = QWheelEvent(point, point, QPoint(), QPoint(0, by), Qt.MouseButton.NoButton, modifiers, phase, False)
        QApplication.sendEvent(widget, turned)

    turn(480)
    assert widget.axis.seconds == pytest.approx(DURATION_S / 4)
    assert widget.axis.x_of(200) == pytest.approx(before, abs=1)
    start_s = widget.axis.start_s
    turn(-120, Qt.KeyboardModifier.ShiftModifier)
    assert widget.axis.start_s == pytest.approx(start_s + DURATION_S / 40)
    qtbot.keyClick(widget, Qt.Key.Key_0)
    assert widget.axis.is_whole
    qtbot.keyClick(widget, Qt.Key.Key_Plus)
    assert widget.axis.seconds < DURATION_S
    turn(-9000)
    assert widget.axis.is_whole, "never more than all of it"


def test_a_drag_moves_what_is_seen_and_neither_selects_nor_seeks(widget, qtbot) -> None:
    widget.zoom_by(4, widget.axis.x_of(250))
    selected, sought = heard(widget.selected), heard(widget.sought)
    start, held = at(widget, 250), widget.axis.start_s
    qtbot.mousePress(widget, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(widget, start - QPoint(60, 0))
    qtbot.mouseMove(widget, start - QPoint(120, 0))
    qtbot.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=start - QPoint(120, 0))
    assert widget.axis.start_s == pytest.approx(held + 120 / widget.axis.per_s, abs=1)
    assert (selected, sought) == ([], [])


def test_the_keyboard_steps_and_pages_and_its_own_keys_come_before_the_windows(widget, qtbot) -> None:
    sought, stepped = heard(widget.sought), heard(widget.stepped)
    widget.show_time(100.0)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
        qtbot.keyClick(widget, key)
    assert stepped == [1, -1]
    assert sought == pytest.approx([160.0, 40.0])
    assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_a_screen_reader_reads_and_sets_the_place(widget) -> None:
    """It is a slider to it: Qt tells of such by name, value and range."""
    sought = heard(widget.sought)
    widget.show_time(125.0)
    assert (widget.accessibleName(), widget.value(), widget.maximum()) == ("Timeline", 125_000, 600_000)
    assert sought == [], "the video moved it"
    widget.setValue(30_000)
    assert sought == [30.0]
    said = said_of(widget.shown, 2, 125.0)
    assert said.startswith("2:05 of 10:00. Finding 2: unseen, of 3, 3:20 to 4:20")


def test_the_pointer_is_told_what_is_below_it(widget) -> None:
    def tip(point: QPoint) -> str:
        QApplication.sendEvent(widget, QHelpEvent(QEvent.Type.ToolTip, point, widget.mapToGlobal(point)))
        return QToolTip.text()

    assert tip(at(widget, 70)).startswith("Finding 1: accepted\n1:00 to 1:20")
    assert tip(at(widget, 120, None, row=widget.rows.flags + 4)) == "Note: ileum\n2:00"
    assert tip(at(widget, 70, None, row=widget.rows.quality_top(Quality.BLURRED) + 1)).startswith("Blurred: here")
    assert "Not analysed yet" in tip(at(widget, 500))
    QToolTip.hideText()


def test_while_the_video_plays_only_the_playhead_is_painted(widget, qtbot) -> None:
    widget.repaint()
    painted = widget.sceneries_painted
    for tick in range(50):
        widget.show_time(tick / 25)
        widget.repaint()
    assert widget.sceneries_painted == painted
    widget.zoom_by(6, 0.0)
    widget.show_time(widget.axis.end_s + 1)
    assert widget.axis.start_s <= widget.axis.end_s + 1
    assert widget.axis.x_of(widget._at_s) < widget.axis.width / 4, "the page turns with it"


def test_a_step_of_zoom_paints_an_hour_with_2000_bars_from_arrays_alone(widget, monkeypatch) -> None:
    """What costs time by the number of findings is done once, for all steps of a zoom together."""
    shown = shown_of(made_timeline(500, 4))
    assert len(shown.arrays.bars.start_s) == 2000
    assert shown.arrays.bars.lanes <= MOST_LANES
    made = []
    monkeypatch.setattr(TimelineArrays, "of", classmethod(lambda cls, timeline: made.append(timeline)))
    widget.show_content(shown)
    widget.repaint()
    painted = widget.sceneries_painted
    for _ in range(10):
        widget.zoom_by(1, 500)
        widget.repaint()
    assert widget.sceneries_painted == painted + 10, "one painting a step"
    assert made == []
    spans = [track.__dict__.get("spans") for track in shown.timeline.tracks]
    assert None not in spans, "computed beforehand"


def test_thumbnails_do_not_overlap_and_the_selected_one_is_among_them(widget) -> None:
    asked = []

    def thumbnail(track) -> QPixmap | None:
        asked.append(track.number)
        return None

    crowded = TimelineWidget(thumbnail)
    crowded.show_content(shown_of(made_timeline(300)))
    crowded.resize(900, crowded.rows.height)
    crowded.show_selected(150)
    crowded.grab()
    assert 150 in asked
    assert 5 < len(asked) <= 900 // 64
    before = crowded.height()
    crowded.show_thumbnails(False)
    asked.clear()
    crowded.grab()
    assert asked == []
    assert crowded.height() < before, "a low window has none"
    crowded.deleteLater()


@pytest.mark.parametrize("width", [320, 4000])
def test_it_is_painted_at_any_width_and_with_nothing_in_it(widget, width: int) -> None:
    widget.resize(width, widget.height())
    widget.grab()
    widget.show_content(Shown())
    widget.zoom_by(3)
    widget.show_time(10.0)
    widget.grab()
    assert widget.maximum() == 0
