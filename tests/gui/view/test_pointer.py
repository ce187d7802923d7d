"""Mouse, wheel and touchpad over a view, with Qt's own events."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QInputDevice, QNativeGestureEvent, QPointingDevice, QWheelEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication
from view_scenes import scene
from window_driver import PATIENCE_MS

from polyplive.gui.view.video_view import VideoView

LEFT = Qt.MouseButton.LeftButton
HERE, THERE = QPoint(200, 150), QPoint(260, 210)


@pytest.fixture
def view(qapp, qtbot) -> VideoView:
    made = VideoView("raster")
    qtbot.addWidget(made)
    made.resize(700, 500)
    made.show_scene(scene())
    with qtbot.waitExposed(made, timeout=PATIENCE_MS):
        made.show()
    made.heard = []
    made.clicked.connect(lambda: made.heard.append("click"))
    made.double_clicked.connect(lambda: made.heard.append("double-click"))
    return made


def turn(view: VideoView, angle: int, at: QPoint = HERE) -> None:
    place, buttons = QPointF(at), Qt.MouseButton.NoButton
    none, phase = Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase
    QApplication.sendEvent(view, QWheelEvent(place, place, QPoint(), QPoint(0, angle), buttons, none, phase, False))


def drag(view: VideoView, start: QPoint = HERE, end: QPoint = THERE) -> None:
    QTest.mousePress(view, LEFT, pos=start)
    for share in (0.25, 0.5, 1.0):
        QTest.mouseMove(view, start + (end - start) * share)
    QTest.mouseRelease(view, LEFT, pos=end)


def settled(qtbot) -> None:
    """Until a click would have been told."""
    qtbot.wait(QApplication.doubleClickInterval() + 50)


def test_the_widget_that_draws_keeps_no_event_from_the_view(view: VideoView) -> None:
    assert view.childAt(HERE) is None


def test_a_click_is_told_when_it_becomes_no_double_click(view: VideoView, qtbot) -> None:
    QTest.mouseClick(view, LEFT, pos=HERE)
    assert view.heard == []
    qtbot.waitUntil(lambda: view.heard == ["click"], timeout=PATIENCE_MS)
    QTest.mouseClick(view, Qt.MouseButton.RightButton, pos=HERE)
    settled(qtbot)
    assert view.heard == ["click"]


def test_a_double_click_is_no_click(view: VideoView, qtbot) -> None:
    QTest.mouseClick(view, LEFT, pos=HERE)
    QTest.mouseDClick(view, LEFT, pos=HERE)
    settled(qtbot)
    assert view.heard == ["double-click"]


@pytest.mark.parametrize("steps", [0, 4])
def test_a_drag_is_no_click_and_moves_what_is_zoomed(view: VideoView, qtbot, steps: int) -> None:
    view.zoom_by(steps)
    before = view.contents.zoom
    drag(view)
    settled(qtbot)
    assert view.heard == []
    after, rect = view.contents.zoom, view.picture_rects()[0]
    moved = (0.0, 0.0) if not steps else (-60 / rect.width() / 2, -60 / rect.height() / 2)
    assert (after.x - before.x, after.y - before.y) == pytest.approx(moved)
    assert not view.pointer.is_dragging


def test_the_wheel_zooms_around_the_pointer(view: VideoView) -> None:
    place = view.contents.place_of(view, HERE.x(), HERE.y())
    for _ in range(4):
        turn(view, 120)
    assert view.contents.zoom.factor == pytest.approx(2)
    crop = view.contents.zoom.crop(1, 1)
    assert (crop.x + place[0] * crop.width, crop.y + place[1] * crop.height) == pytest.approx(place)
    turn(view, -60)
    assert view.contents.zoom.steps == pytest.approx(3.5)
    turn(view, -1200)
    assert view.contents.zoom.crop(1, 1) is None


def test_beside_the_picture_the_wheel_zooms_around_its_edge(view: VideoView) -> None:
    view.resize(900, 500)
    turn(view, 480, QPoint(2, 250))
    assert view.contents.zoom.crop(1, 1).x == 0


def test_side_by_side_a_place_counts_in_the_picture_that_it_lies_in(view: VideoView) -> None:
    view.show_scene(scene(two=True))
    places = [view.contents.place_of(view, *(rect.left() + 30, rect.top() + 20)) for rect in view.picture_rects()]
    assert len(places) == 2
    assert places[0] == pytest.approx(places[1])


def test_a_pinch_zooms_as_far_as_the_fingers_part(view: VideoView) -> None:
    device = QPointingDevice(
        "touchpad",
        1,
        QInputDevice.DeviceType.TouchPad,
        QPointingDevice.PointerType.Finger,
        QInputDevice.Capability.Position,
        2,
        1,
    )
    kind, place = Qt.NativeGestureType.ZoomNativeGesture, QPointF(HERE)
    for part in (0.25, 0.6):
        QApplication.sendEvent(view, QNativeGestureEvent(kind, device, 2, place, place, place, part, QPointF()))
    assert view.contents.zoom.factor == pytest.approx(2)


def test_the_pointer_says_what_a_drag_does(view: VideoView) -> None:
    shapes = Qt.CursorShape
    QTest.mouseMove(view, HERE)
    assert view.cursor().shape() == shapes.ArrowCursor
    view.zoom_by(2)
    assert view.cursor().shape() == shapes.OpenHandCursor
    QTest.mousePress(view, LEFT, pos=HERE)
    QTest.mouseMove(view, THERE)
    assert view.cursor().shape() == shapes.ClosedHandCursor
    QTest.mouseRelease(view, LEFT, pos=THERE)
    assert view.cursor().shape() == shapes.OpenHandCursor
    view.hide_pointer(True)
    assert view.cursor().shape() == shapes.BlankCursor
    view.reset_zoom()
    view.hide_pointer(False)
    assert view.cursor().shape() == shapes.ArrowCursor
