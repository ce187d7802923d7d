"""Both curves of a map as they grow: deletion in red and dashed, insertion in blue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPen, QPolygonF
from PyQt6.QtWidgets import QSizePolicy, QWidget

from polyplive.explanation.still import DELETION, INSERTION
from polyplive.gui.parts.theme import ACCENT, ALERT, BORDER, PANEL, QUIET

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PyQt6.QtGui import QPaintEvent

    from polyplive.explanation.curves import CurvePoint

_LEFT, _RIGHT, _TOP, _BOTTOM = 34, 10, 24, 36
_LINES = ((DELETION, ALERT, Qt.PenStyle.DashLine), (INSERTION, ACCENT, Qt.PenStyle.SolidLine))


class CurvePlot(QWidget):
    """Score of the finding (up) over the share of changed pixels (across), both from 0 to 1."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._curves: Mapping[str, Sequence[CurvePoint]] = {}
        self.setAccessibleName("Deletion and insertion curves")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(220, 150)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Wide enough for both legends."""
        return QSize(320, 220)

    def show_curves(self, curves: Mapping[str, Sequence[CurvePoint]], said: str) -> None:
        """Show the points so far, by kind; ``said`` is what they say in words."""
        self._curves = curves
        self.setAccessibleDescription(said)
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Paint axes, legend and curves."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(_LEFT, _TOP, self.width() - _LEFT - _RIGHT, self.height() - _TOP - _BOTTOM)
        painter.fillRect(area, QColor(PANEL))
        self._draw_axes(painter, area)
        self._draw_legend(painter, area)
        for kind, colour, style in _LINES:
            painter.setPen(QPen(QColor(colour), 2.0, style))
            points = [
                QPointF(area.left() + one.share * area.width(), area.bottom() - one.score * area.height())
                for one in self._curves.get(kind, ())
            ]
            painter.drawPolyline(QPolygonF(points))
            if points:
                painter.setBrush(QColor(colour))
                painter.drawEllipse(points[-1], 2.5, 2.5)
        painter.end()

    def _draw_axes(self, painter: QPainter, area: QRectF) -> None:
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for level in (0.0, 0.5, 1.0):
            up, across = area.bottom() - level * area.height(), area.left() + level * area.width()
            painter.setPen(QPen(QColor(BORDER), 1))
            painter.drawLine(QPointF(area.left(), up), QPointF(area.right(), up))
            painter.setPen(QColor(QUIET))
            painter.drawText(QRectF(0, up - 9, _LEFT - 6, 18), right, f"{level:g}")
            below = QRectF(across - 20, area.bottom() + 2, 40, 16)
            below.moveRight(min(below.right(), self.width()))
            painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, f"{level:g}")
        foot = QRectF(area.left(), area.bottom() + 17, area.width(), 18)
        painter.drawText(foot, Qt.AlignmentFlag.AlignHCenter, "share of pixels changed")

    def _draw_legend(self, painter: QPainter, area: QRectF) -> None:
        left = area.left()
        for kind, colour, style in _LINES:
            painter.setPen(QPen(QColor(colour), 2.0, style))
            painter.drawLine(QPointF(left, _TOP / 2), QPointF(left + 22, _TOP / 2))
            painter.setPen(QColor(QUIET))
            width = painter.fontMetrics().horizontalAdvance(kind)
            painter.drawText(QRectF(left + 28, 0, width + 4, _TOP), Qt.AlignmentFlag.AlignVCenter, kind)
            left += 28 + width + 18
