"""Small widgets: a switch, a slider with name and value, and a slider that jumps to a click."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QStyle,
    QStyleOptionSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from polyplive.gui.parts.theme import ACCENT, HOVER, QUIET, TEXT

_SWITCH = QSize(32, 18)


class Switch(QAbstractButton):
    """A row with a text, its key, and a switch that shows on or off by position as well as colour."""

    def __init__(self, text: str, key: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(text)
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.show_key(key)

    def show_key(self, key: str) -> None:
        """Name the key that does the same."""
        self._key = key
        self.setToolTip(f"{self.text()} ({key})")
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Room for the text, the key and the switch."""
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self.text()) + _SWITCH.width() + 48, 28)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """The same as ``sizeHint``, so that no text is cut."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Text to the left, key and switch to the right."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = int(Qt.AlignmentFlag.AlignVCenter.value)
        painter.setPen(QColor(TEXT if self.isEnabled() else QUIET))
        painter.drawText(self.rect(), middle, self.text())
        painter.setPen(QColor(QUIET))
        key = self.rect().adjusted(0, 0, -_SWITCH.width() - 10, 0)
        painter.drawText(key, middle | int(Qt.AlignmentFlag.AlignRight.value), self._key)
        track = QRectF(0, 0, _SWITCH.width(), _SWITCH.height())
        track.moveTo(self.width() - _SWITCH.width() - 2, (self.height() - _SWITCH.height()) / 2)
        on = self.isChecked() and self.isEnabled()
        focus = self.hasFocus() or self.underMouse()
        painter.setPen(QPen(QColor(TEXT), 1) if focus else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(ACCENT if on else HOVER))
        painter.drawRoundedRect(track, track.height() / 2, track.height() / 2)
        knob = QRectF(0, 0, 12, 12)
        knob.moveCenter(track.center())
        knob.moveLeft(track.right() - 15 if on else track.left() + 3)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor("#0f1113" if on else TEXT if self.isEnabled() else QUIET))
        painter.drawEllipse(knob)


class ValueSlider(QWidget):
    """A slider from ``low`` to ``high`` in steps of a hundredth, under its name and value.

    ``set_usual`` gives it a tick at the usual value. Away from that ``reset`` is shown, a button to go back there.
    """

    changed = pyqtSignal(float)

    def __init__(self, text: str, low: float, high: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value = QLabel()
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.slider = _TickedSlider()
        self.reset = QToolButton()
        self.reset.setText("Reset")
        self.reset.setProperty("role", "small")
        self.reset.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.reset.setAccessibleName(f"Reset {text}")
        policy = self.reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # nothing moves when it comes
        self.reset.setSizePolicy(policy)
        self.reset.hide()
        self.slider.setRange(round(100 * low), round(100 * high))
        self.slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.slider.setAccessibleName(text)
        head = QHBoxLayout()
        head.addWidget(QLabel(text), 1)
        head.addWidget(self.reset)
        head.addWidget(self._value)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2, 0, 2)
        layout.setSpacing(2)
        layout.addLayout(head)
        layout.addWidget(self.slider)
        self.slider.valueChanged.connect(self._moved)
        self._moved(self.slider.value())

    @property
    def value(self) -> float:
        """The slider's value."""
        return self.slider.value() / 100

    def set_value(self, value: float) -> None:
        """Set the value without emitting a signal."""
        self.slider.blockSignals(True)
        self.slider.setValue(round(100 * value))
        self.slider.blockSignals(False)
        self._show(self.slider.value())

    def set_usual(self, value: float, reset_tip: str) -> None:
        """Put the tick at ``value``; ``reset_tip`` says what the button does."""
        if self.slider.tick != round(100 * value):
            self.slider.tick = round(100 * value)
            self.slider.update()
            self.reset.setToolTip(reset_tip)
        self._show(self.slider.value())

    def _moved(self, value: int) -> None:
        self._show(value)
        self.changed.emit(value / 100)

    def _show(self, value: int) -> None:
        self._value.setText(f"{value / 100:.2f}")
        self.reset.setVisible(self.slider.tick not in (None, value))


class _TickedSlider(QSlider):
    """A slider with a short line below its groove at the value ``tick``, if that is not None."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.tick: int | None = None

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """The tick, then the slider."""
        super().paintEvent(event)
        if self.tick is None:
            return
        room = self.width() - _handle_width(self)
        place = QStyle.sliderPositionFromValue(self.minimum(), self.maximum(), self.tick, room)
        x, middle = place + _handle_width(self) / 2, self.height() / 2
        painter = QPainter(self)
        painter.setPen(QPen(QColor(TEXT), 2))
        painter.drawLine(QPointF(x, middle + 8), QPointF(x, self.height()))


def _handle_width(slider: QSlider) -> int:
    option = QStyleOptionSlider()
    slider.initStyleOption(option)
    style = slider.style()
    assert style is not None
    part = QStyle.SubControl.SC_SliderHandle
    return style.subControlRect(QStyle.ComplexControl.CC_Slider, option, part, slider).width()


class ChoiceBox(QComboBox):
    """A combo box that draws its own arrow, as a style sheet would need an image file for it."""

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """The box, then the arrow."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(QUIET), 1.6, cap=Qt.PenCapStyle.RoundCap, join=Qt.PenJoinStyle.RoundJoin))
        right, middle = self.width() - 11.0, self.height() / 2
        corners = [QPointF(right - 8, middle - 2), QPointF(right - 4, middle + 2), QPointF(right, middle - 2)]
        painter.drawPolyline(QPolygonF(corners))


class SeekSlider(QSlider):
    """A slider that jumps to a click and emits ``sought`` while it is dragged, or moved by its keys."""

    sought = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.actionTriggered.connect(lambda _: self.sought.emit(self.sliderPosition()))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Position")

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Begin to seek."""
        if event is not None and event.button() is Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._go(event)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Seek on."""
        if event is not None and self.isSliderDown():
            self._go(event)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Stop seeking."""
        self.setSliderDown(False)

    def _go(self, event: QMouseEvent) -> None:
        handle = _handle_width(self)
        room = max(1, self.width() - handle)
        place = round(event.position().x() - handle / 2)
        value = QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), min(max(place, 0), room), room)
        if value != self.value() or event.type() is event.Type.MouseButtonPress:
            self.setValue(value)
            self.sought.emit(value)
