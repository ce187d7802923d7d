"""The explanation of a finding as one picture, for a file or a report: its maps side by side, with their curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QImage, QPainter

from polyplive import RESEARCH_NOTICE
from polyplive.explanation.still_pictures import fitted, map_picture
from polyplive.explanation.still_words import areas_of, title_of
from polyplive.gui.report.chart_picture import chart_picture
from polyplive.pages.explanation import curves_chart

if TYPE_CHECKING:
    from polyplive.explanation.still import ExplainedFinding
    from polyplive.explanation.still_frame import StillFrame
    from polyplive.types import Image

_WIDE, _GAP, _HEAD, _FOOT = 320, 20, 44, 30
_COLUMNS = 4
_TITLE, _AREAS, _CHART = 24, 22, 110
_SMALLEST = 11
_INK, _QUIET = QColor("#1c2227"), QColor("#5d6a73")


def sheet(frame: StillFrame, found: ExplainedFinding, heading: str, foot: str) -> QImage:
    """A white picture with ``heading``, every map of ``found`` with its curves so far, and ``foot`` below.

    The notice on research use is in it. Needs a QGuiApplication.
    """
    finding = frame.chosen[0] if frame.chosen else None
    pictures = [fitted(map_picture(frame, one, finding), _WIDE, _WIDE) for one in found.maps]
    columns = min(_COLUMNS, len(pictures))
    tall = _TITLE + max(len(picture) for picture in pictures) + (_CHART + 34 + _AREAS if frame.chosen else 0) + _GAP
    rows = -(-len(pictures) // columns)
    image = QImage(columns * (_WIDE + _GAP) + _GAP, _HEAD + rows * tall + _FOOT, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    _write(painter, QRectF(_GAP, 8, image.width() - 2 * _GAP, _HEAD - 12), heading, 17, bold=True)
    for place, (one, picture) in enumerate(zip(found.maps, pictures, strict=True)):
        left, top = _GAP + (place % columns) * (_WIDE + _GAP), _HEAD + (place // columns) * tall
        _write(painter, QRectF(left, top, _WIDE, _TITLE), title_of(one), 14, bold=True)
        painter.drawImage(left, top + _TITLE, qimage(picture))
        chart, below = curves_chart(found, one, _CHART), top + _TITLE + len(picture) + 6
        if chart is not None:
            drawn = chart_picture(chart, _WIDE, left=34)
            painter.drawImage(QRectF(left, below, _WIDE, drawn.height() * _WIDE / drawn.width()), drawn)
            _write(painter, QRectF(left, below + _CHART + 28, _WIDE, _AREAS), _short(areas_of(found, one.name)), 12)
    foot_at = QRectF(_GAP, image.height() - _FOOT, image.width() - 2 * _GAP, _FOOT)
    _write(painter, foot_at, f"{foot}  \u00b7  {RESEARCH_NOTICE}", 12)
    painter.end()
    return image


def qimage(picture: Image) -> QImage:
    """``picture`` (uint8 [h, w, 3] BGR) for Qt; a copy."""
    height, width = picture.shape[:2]
    return QImage(picture.tobytes(), width, height, 3 * width, QImage.Format.Format_BGR888).copy()


def encoded(image: QImage, form: str) -> bytes:
    """``image`` as JPEG or PNG."""
    held = QByteArray()
    buffer = QBuffer(held)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, form, 88 if form == "JPG" else -1)
    return held.data()


def _short(areas: str) -> str:
    return (
        areas.replace("Area below deletion", "deletion")
        .replace(" (lower is better)", "")
        .replace(" (higher is better)", "")
    )


def _write(painter: QPainter, place: QRectF, text: str, pixels: int, *, bold: bool = False) -> None:
    font = QFont("sans-serif")
    font.setPixelSize(pixels)
    font.setBold(bold)
    painter.setFont(font)
    while pixels > _SMALLEST and painter.fontMetrics().horizontalAdvance(text) > place.width():
        pixels -= 1
        font.setPixelSize(pixels)
        painter.setFont(font)
    painter.setPen(_INK if bold else _QUIET)
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, round(place.width()))
    painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
