"""What mouse, wheel and touchpad do over a view."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QObject, QPointF, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QMouseEvent, QNativeGestureEvent, QWheelEvent
from PyQt6.QtWidgets import QApplication

from polyplive.gui.view.zoom import STEPS_TO_DOUBLE

if TYPE_CHECKING:
    from PyQt6.QtWidgets import QWidget

_NOTCH = 120
"""Eighths of a degree that a wheel turns by one notch; touchpads send less at a time."""
_LEAST = 0.1
"""What a pinch leaves of the size at least, at once."""


class Pointer(QObject):
    """Watches ``widget``, all of whose mouse events have to come to it. Qt's thread.

    A press and a release at the same place are a click, which is told once it is sure that it becomes no double-click.
    Places are logical pixels of ``widget``. ``turned`` gives steps of zoom, ``dragged`` how far the picture is drawn.
    """

    clicked = pyqtSignal(QPointF)
    double_clicked = pyqtSignal()
    turned = pyqtSignal(float, QPointF)
    dragged = pyqtSignal(QPointF)
    moved = pyqtSignal(QPointF)
    left = pyqtSignal()

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._pressed: QPointF | None = None
        self._last = self._released = QPointF()
        self._drags = False
        self._waiting = QTimer(self)
        self._waiting.setSingleShot(True)
        self._waiting.timeout.connect(lambda: self.clicked.emit(self._released))
        widget.installEventFilter(self)

    @property
    def is_dragging(self) -> bool:
        """Whether a button is held and the pointer has moved since."""
        return self._pressed is not None and self._drags

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """Take what a pointer does, and leave the rest to the widget."""
        if isinstance(event, QMouseEvent):
            return self._mouse(event)
        if isinstance(event, QWheelEvent):
            if event.angleDelta().y():
                self.turned.emit(event.angleDelta().y() / _NOTCH, event.position())
            return True
        if isinstance(event, QNativeGestureEvent):
            return self._gesture(event)
        if event is not None and event.type() in (QEvent.Type.Leave, QEvent.Type.Hide):
            self.left.emit()
        if event is not None and event.type() == QEvent.Type.Hide:
            self._waiting.stop()
        return super().eventFilter(watched, event)

    def _mouse(self, event: QMouseEvent) -> bool:
        kind, place = event.type(), event.position()
        if kind == QEvent.Type.MouseMove:
            self._move(place)
            return True
        if event.button() != Qt.MouseButton.LeftButton:
            return False
        if kind == QEvent.Type.MouseButtonPress:
            self._pressed, self._last, self._drags = place, place, False
        elif kind == QEvent.Type.MouseButtonDblClick:
            self._waiting.stop()
            self._pressed = None
            self.double_clicked.emit()
        elif kind == QEvent.Type.MouseButtonRelease:
            if self._pressed is not None and not self._drags:
                self._released = place
                self._waiting.start(QApplication.doubleClickInterval())
            self._pressed = None
            self.moved.emit(place)
        return False  # so that a press gives the focus to the widget

    def _move(self, place: QPointF) -> None:
        if self._pressed is not None:
            apart = (place - self._pressed).manhattanLength()
            self._drags = self._drags or apart >= QApplication.startDragDistance()
            if self._drags:
                self.dragged.emit(place - self._last)
                self._last = place
        self.moved.emit(place)

    def _gesture(self, event: QNativeGestureEvent) -> bool:
        if event.gestureType() != Qt.NativeGestureType.ZoomNativeGesture:
            return False
        growth = max(1 + event.value(), _LEAST)  # twice as large where the fingers part twice as far
        self.turned.emit(STEPS_TO_DOUBLE * math.log2(growth), event.position())
        return True
