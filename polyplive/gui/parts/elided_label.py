"""A label that shows what fits of its text."""

from __future__ import annotations

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import QLabel, QSizePolicy, QWidget

_LEAST = 50


class ElidedLabel(QLabel):
    """A label as wide as its text, which is cut in its middle where there is less room."""

    clicked = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """A few letters stay."""
        return QSize(min(_LEAST, self.sizeHint().width()), super().minimumSizeHint().height())

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Tell of a click."""
        super().mouseReleaseEvent(event)
        self.clicked.emit()

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Paint what fits."""
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter.value, text)
