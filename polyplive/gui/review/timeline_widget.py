"""The timeline below the picture: findings, the picture's quality and notes over the time of the recording."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QPointF, QRect, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QNativeGestureEvent, QPainter, QPixmap, QWheelEvent
from PyQt6.QtWidgets import QAbstractSlider, QApplication, QSizePolicy, QToolTip, QWidget

from polyplive.gui.review.axis import STEPS_TO_DOUBLE, TimeAxis
from polyplive.gui.review.bars import MOST_LANES
from polyplive.gui.review.painting import Scenery, paint_playhead, paint_scenery
from polyplive.gui.review.places import Place, place_at, tip_of
from polyplive.gui.review.rows import EDGE, Rows, gutter_of
from polyplive.gui.review.shown import Shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from PyQt6.QtGui import QPaintEvent, QResizeEvent

    from polyplive.review.tracks import Track

PAGE = 0.1
"""The share of what is seen that PageUp and PageDown go."""
_WHEEL_STEP = 120
_OWN_KEYS = {
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_PageUp,
    Qt.Key.Key_PageDown,
    Qt.Key.Key_Plus,
    Qt.Key.Key_Minus,
    Qt.Key.Key_Equal,
    Qt.Key.Key_0,
}


class TimelineWidget(QAbstractSlider):
    """A slider over the time of a recording, in milliseconds, that shows what was found. Qt's thread.

    The wheel, a pinch, and + and - zoom; a drag and Shift with the wheel move what is seen; a double click on the
    ground shows all. ``sought`` carries the second that is to be shown, ``selected`` the number of a finding,
    ``flag_chosen`` a note or mark. ``stepped`` asks for the next (1) or previous (-1) finding. ``thumbnail`` gives the
    small picture of a track, or None while there is none: it returns at once.
    What stands still is kept as a picture: while the video plays, only the playhead is painted.
    """

    sought = pyqtSignal(float)
    selected = pyqtSignal(int)
    flag_chosen = pyqtSignal(object)
    stepped = pyqtSignal(int)

    def __init__(
        self, thumbnail: Callable[[Track], QPixmap | None] = lambda _: None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setOrientation(Qt.Orientation.Horizontal)
        self._thumbnail = thumbnail
        self._shown = Shown()
        self._axis = TimeAxis(0.0, 1.0)
        self._selected: int | None = None
        self._at_s = 0.0
        self._thumbnails = True
        self._scenery: QPixmap | None = None
        self._pressed: Place | None = None
        self._drag_from: QPointF | None = None
        self._is_following = False
        self.sceneries_painted = 0
        """How often everything was painted anew; the playhead alone does not count."""
        self.setObjectName("timeline")
        self.setAccessibleName("Timeline")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setTracking(True)
        self.valueChanged.connect(self._taken)
        self._fit()

    # What it shows

    @property
    def shown(self) -> Shown:
        """What it shows."""
        return self._shown

    @property
    def axis(self) -> TimeAxis:
        """The stretch that is seen."""
        return self._axis

    @property
    def rows(self) -> Rows:
        """Where its rows lie. The height stays while findings come: the picture above does not jump."""
        lanes = self._shown.arrays.bars.lanes
        return Rows.of(3 if lanes <= 3 else MOST_LANES, thumbnails=self._thumbnails)

    def show_content(self, shown: Shown) -> None:
        """Show findings, quality and notes from now on."""
        self._shown = shown
        self._axis = self._axis.of(shown.timeline.duration_s, self._room())
        self.setRange(0, max(0, round(1000 * shown.timeline.duration_s)))
        self._fit()

    def show_time(self, at_s: float) -> None:
        """Move the playhead to a second of the video; a zoomed timeline turns the page with it."""
        if at_s == self._at_s:
            return
        before, self._at_s = self._at_s, at_s
        self._is_following = True
        self.setValue(round(1000 * at_s))
        self._is_following = False
        if self._drag_from is None and not self._axis.start_s <= at_s <= self._axis.end_s:
            self._set_axis(self._axis.moved(at_s - self._axis.start_s - 0.05 * self._axis.seconds))
            return
        for moment in (before, at_s):
            x = round(self._left() + self._axis.x_of(moment))
            self.update(QRect(x - 8, 0, 16, self.height()))
        rows = self.rows
        self.update(QRect(0, rows.overview - 1, self.width(), self.height() - rows.overview + 1))

    def show_selected(self, number: int | None) -> None:
        """Show which finding is selected, and bring it into view."""
        if number == self._selected:
            return
        self._selected = number
        track = self._shown.track(number)
        if track is not None:
            self._axis = self._axis.holding(track.best.time_s)
        self._redo()

    def show_thumbnails(self, wanted: bool) -> None:
        """Whether there is room for thumbnails."""
        if wanted is not self._thumbnails:
            self._thumbnails = wanted
            self._fit()

    def thumbnail_came(self) -> None:
        """A picture that was not there when it was asked for is there now."""
        self._redo()

    # What it does

    def zoom_by(self, steps: float, x: float | None = None) -> None:
        """Show a shorter stretch, or a longer one below 0. What is at pixel ``x`` stays; None: the playhead."""
        if x is None:
            place = self._axis.x_of(self._at_s)
            x = place if 0 <= place <= self._axis.width else self._axis.width / 2
        self._set_axis(self._axis.zoomed(steps, x))

    def show_all(self) -> None:
        """Show the whole recording."""
        self._set_axis(TimeAxis(self._axis.duration_s, self._axis.width))

    def pan(self, share: float) -> None:
        """Move what is seen by such a share of it."""
        self._set_axis(self._axis.moved(share * self._axis.seconds))

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """What stands still, then the playhead and the focus."""
        painter = QPainter(self)
        scenery = self._make_scenery()
        if self._scenery is None:
            self._scenery = self._painted(scenery)
        painter.drawPixmap(0, 0, self._scenery)
        paint_playhead(painter, scenery, self._at_s)
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(self.palette().highlight().color())
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def sizeHint(self) -> QSize:  # noqa: N802
        """As high as its rows."""
        return QSize(640, self.rows.height)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Narrow, if need be."""
        return QSize(120, self.rows.height)

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        """Show the same stretch."""
        super().resizeEvent(event)
        self._axis = self._axis.of(self._shown.timeline.duration_s, self._room())
        self._redo()

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802
        """Paint anew where fonts or colours change."""
        super().changeEvent(event)
        self._redo()

    def event(self, event: QEvent | None) -> bool:
        """Its own keys come before those of the window; a pinch zooms; a tool tip says what is below the pointer."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            if event.key() in _OWN_KEYS and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                event.accept()
                return True
        elif isinstance(event, QNativeGestureEvent):
            if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
                growth = max(1 + event.value(), 0.2)
                self.zoom_by(STEPS_TO_DOUBLE * math.log2(growth), event.position().x() - self._left())
                return True
        elif isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            text = tip_of(self._place(QPointF(event.pos())), self._shown)
            QToolTip.showText(event.globalPos(), text, self) if text else QToolTip.hideText()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Arrows up and down go from finding to finding, PageUp and PageDown through time, + and - zoom, 0 shows all.

        The other keys are the window's.
        """
        if event is None:
            return
        page = PAGE * self._axis.seconds
        acts: dict[int, Callable[[], object]] = {
            Qt.Key.Key_Up: lambda: self.stepped.emit(-1),
            Qt.Key.Key_Down: lambda: self.stepped.emit(1),
            Qt.Key.Key_PageUp: lambda: self._seek(self._at_s - page),
            Qt.Key.Key_PageDown: lambda: self._seek(self._at_s + page),
            Qt.Key.Key_Plus: lambda: self.zoom_by(1),
            Qt.Key.Key_Equal: lambda: self.zoom_by(1),
            Qt.Key.Key_Minus: lambda: self.zoom_by(-1),
            Qt.Key.Key_0: self.show_all,
        }
        act = acts.get(event.key())
        if act is None:
            event.ignore()
        else:
            act()

    def wheelEvent(self, event: QWheelEvent | None) -> None:  # noqa: N802
        """Zoom around the pointer; with Shift, or across, move what is seen."""
        if event is None:
            return
        turned = event.angleDelta()
        if turned.x() or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.pan(-(turned.x() or turned.y()) / _WHEEL_STEP * PAGE)
        else:
            self.zoom_by(turned.y() / _WHEEL_STEP, event.position().x() - self._left())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Begin a click or a drag."""
        if event is None or event.button() is not Qt.MouseButton.LeftButton:
            return
        self._pressed = self._place(event.position())
        if self._pressed.is_overview:
            self._pan_to(event.position())
        elif self._pressed.is_ruler:
            self._seek(self._pressed.time_s)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Drag: the ruler seeks, the overview and the rest move what is seen."""
        if event is None:
            return
        place = self._place(event.position())
        can_click = place.number is not None or place.flag is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if can_click else Qt.CursorShape.ArrowCursor)
        if self._pressed is None:
            return
        if self._pressed.is_overview:
            self._pan_to(event.position())
        elif self._pressed.is_ruler:
            self._seek(place.time_s)
        else:
            self._drag(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """A click selects what it meets, and otherwise seeks."""
        pressed, self._pressed = self._pressed, None
        dragged, self._drag_from = self._drag_from is not None, None
        if pressed is None or dragged or pressed.is_overview or pressed.is_ruler:
            return
        if pressed.flag is not None:
            self.flag_chosen.emit(pressed.flag)
        elif pressed.number is not None:
            self.selected.emit(pressed.number)
        else:
            self._seek(pressed.time_s)

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """On the ground: show all."""
        if event is not None and self._place(event.position()).number is None:
            self.show_all()

    # Parts

    def _make_scenery(self) -> Scenery:
        return Scenery(self._shown, self._axis, self.rows, self._left(), self._selected, self._thumbnail)

    def _painted(self, scenery: Scenery) -> QPixmap:
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(self.size() * ratio)
        pixmap.setDevicePixelRatio(ratio)
        painter = QPainter(pixmap)
        painter.setFont(self.font())
        paint_scenery(painter, scenery)
        painter.end()
        self.sceneries_painted += 1
        return pixmap

    def _left(self) -> int:
        return gutter_of(self.width())

    def _room(self) -> float:
        return max(self.width() - self._left() - EDGE, 1)

    def _fit(self) -> None:
        """Have the height of the rows, and paint anew."""
        if self.height() != self.rows.height:
            self.setFixedHeight(self.rows.height)
        self._redo()

    def _redo(self) -> None:
        self._scenery = None
        self.update()

    def _set_axis(self, axis: TimeAxis) -> None:
        if axis != self._axis:
            self._axis = axis
            self._redo()

    def _place(self, point: QPointF) -> Place:
        return place_at(self._make_scenery(), point.x() - self._left(), point.y())

    def _seek(self, time_s: float) -> None:
        self.sought.emit(min(max(time_s, 0.0), self._axis.duration_s))

    def _taken(self, value: int) -> None:
        """Something other than the video set the value: a screen reader does."""
        if not self._is_following:
            self._seek(value / 1000)

    def _drag(self, point: QPointF) -> None:
        assert self._pressed is not None
        if self._drag_from is None:
            if abs(point.x() - self._left() - self._pressed.x) < QApplication.startDragDistance():
                return
            self._drag_from = QPointF(self._pressed.x + self._left(), point.y())
        self._set_axis(self._axis.moved((self._drag_from.x() - point.x()) / self._axis.per_s))
        self._drag_from = point

    def _pan_to(self, point: QPointF) -> None:
        """Show the stretch around the place in the overview."""
        whole = TimeAxis(self._axis.duration_s, self._axis.width)
        middle_s = whole.time_at(point.x() - self._left())
        self._set_axis(self._axis.moved(middle_s - self._axis.seconds / 2 - self._axis.start_s))
