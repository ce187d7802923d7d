"""Paints a page's chart as a picture, for a document that cannot hold SVG."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QImage, QPainter, QPen, QPolygonF

if TYPE_CHECKING:
    from polyplive.pages.chart import Chart

_DOTS = 3
"""Pixels of the picture for each unit of its size: enough for paper."""
_COLOURS = {"main": "#0a7f94", "quiet": "#5d6a73", "warn": "#8a5a00", "fall": "#c02f2f"}
_INK, _GRID, _PLOT = QColor("#5d6a73"), QColor("#d9dfe3"), QColor("#f3f6f7")
_LEFT, _RIGHT, _TOP, _BOTTOM = 96.0, 12.0, 6.0, 22.0
"""Room for the axes' labels around the plot."""
_POINTS = 10


def chart_picture(chart: Chart, width: float, left: float = _LEFT) -> QImage:
    """``chart`` at ``width`` units and its own height, three pixels a unit, black on white. Needs a QGuiApplication.

    ``left`` units are for the labels of its axis up.
    """
    height = chart.height + _TOP + _BOTTOM
    image = QImage(round(width * _DOTS), round(height * _DOTS), QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(_DOTS, _DOTS)
    font = QFont(painter.font())
    font.setPixelSize(_POINTS)
    painter.setFont(font)
    _Plot(painter, chart, QRectF(left, _TOP, width - left - _RIGHT, chart.height)).draw()
    painter.end()
    return image


class _Plot:
    def __init__(self, painter: QPainter, chart: Chart, area: QRectF) -> None:
        self._painter = painter
        self._chart = chart
        self._area = area

    def draw(self) -> None:
        self._painter.fillRect(self._area, _PLOT)
        self._draw_axes()
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)  # neighbouring bars leave no seam
        for bar in self._chart.bars:
            self._painter.fillRect(
                QRectF(
                    self._across(bar.left),
                    self._up(bar.high),
                    max(self._across(bar.right) - self._across(bar.left), 1.0),
                    self._up(bar.low) - self._up(bar.high),
                ),
                QColor(_COLOURS[bar.kind]),
            )
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for line in self._chart.lines:
            style = Qt.PenStyle.DashLine if line.kind == "fall" else Qt.PenStyle.SolidLine
            self._painter.setPen(QPen(QColor(_COLOURS[line.kind]), 1.2, style))
            self._painter.drawPolyline(QPolygonF(QPointF(self._across(x), self._up(y)) for x, y in line.points))
        self._painter.setPen(QPen(Qt.GlobalColor.black, 0.8, Qt.PenStyle.DashLine))
        for mark in self._chart.marks:
            place = self._across(mark.at)
            self._painter.drawLine(QPointF(place, self._area.top()), QPointF(place, self._area.bottom()))

    def _draw_axes(self) -> None:
        painter, area = self._painter, self._area
        for tick in self._chart.up.ticks:
            height = self._up(tick.at)
            if self._chart.shape != "lanes":
                painter.setPen(QPen(_GRID, 0.8))
                painter.drawLine(QPointF(area.left(), height), QPointF(area.right(), height))
            painter.setPen(_INK)
            name = painter.fontMetrics().elidedText(tick.text, Qt.TextElideMode.ElideRight, round(area.left() - 8))
            where = QRectF(0, height - 8, area.left() - 6, 16)
            painter.drawText(where, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, name)
        painter.setPen(_INK)
        for tick in self._chart.across.ticks:
            wide = painter.fontMetrics().horizontalAdvance(tick.text) + 2.0
            where = QRectF(self._across(tick.at) - wide / 2, area.bottom() + 3, wide, 16)
            where.moveLeft(min(max(where.left(), 0.0), area.right() + _RIGHT - wide))
            painter.drawText(where, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, tick.text)

    def _across(self, value: float) -> float:
        return self._area.left() + self._chart.across.place(value) / 100 * self._area.width()

    def _up(self, value: float) -> float:
        return self._area.top() + self._chart.turned(value) / 100 * self._area.height()
