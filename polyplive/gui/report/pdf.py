"""Writes a report as a PDF: A4, with the notice and the page's number at the foot of each page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QBuffer, QByteArray, QCoreApplication, QIODevice, QMarginsF, QRectF, QSizeF, Qt, QUrl
from PyQt6.QtGui import QFont, QGuiApplication, QImage, QPageSize, QPainter, QPdfWriter, QTextDocument

from polyplive import RESEARCH_NOTICE, __version__
from polyplive.gui.report.chart_picture import chart_picture
from polyplive.pages.report import printed_report
from polyplive.sinks.failures import sink_error
from polyplive.system.atomic_file import write_atomic

if TYPE_CHECKING:
    from polyplive.review.report_data import ReportData

_DPI = 96
"""The document's units are those of a page on screen."""
_MARGIN_MM = 15.0
_FOOT = 34.0
"""Units at the foot of a page for its number."""
_SMALL = 11


def write_report_pdf(data: ReportData, path: Path) -> None:
    """Write the report of ``data`` to ``path``; in the main thread. It needs no screen.

    The file is moved into place once it is whole. Raises ``SinkError``.
    """
    application = _application()
    held = QByteArray()
    buffer = QBuffer(held)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageMargins(QMarginsF(_MARGIN_MM, _MARGIN_MM, _MARGIN_MM, _MARGIN_MM))
    writer.setResolution(_DPI)
    writer.setTitle(f"polyplive report: {data.session.source.name}")
    writer.setCreator(f"polyplive {__version__}")
    _print(_document(data, writer.width()), writer)
    buffer.close()
    del application
    try:
        write_atomic(path, held.data())
    except (OSError, ValueError) as error:
        raise sink_error(path, error, kept=False) from None


def _application() -> QCoreApplication:
    """The window's, or one of its own that needs no screen."""
    return QGuiApplication.instance() or QGuiApplication(["polyplive", "-platform", "offscreen"])


def _document(data: ReportData, width: int) -> QTextDocument:
    report = printed_report(data, width)
    document = QTextDocument()
    document.setDocumentMargin(0)
    font = QFont("sans-serif")
    font.setPixelSize(_SMALL)
    document.setDefaultFont(font)
    for place, chart in enumerate(report.charts):
        _add(document, f"chart-{place}", chart_picture(chart, width))
    for place, picture in enumerate(report.pictures):
        _add(document, f"picture-{place}", QImage.fromData(picture.jpeg))
    document.setDefaultStyleSheet("* { color: #1c2227; }")  # whatever the desktop's colours are
    document.setHtml(report.text)
    return document


def _add(document: QTextDocument, name: str, image: QImage) -> None:
    document.addResource(QTextDocument.ResourceType.ImageResource.value, QUrl(name), image)


def _print(document: QTextDocument, writer: QPdfWriter) -> None:
    """Page after page, each with its foot."""
    width, height = writer.width(), writer.height()
    body = height - _FOOT
    document.setPageSize(QSizeF(width, body))
    painter = QPainter(writer)
    try:
        for page in range(document.pageCount()):
            if page:
                writer.newPage()
            painter.save()
            painter.translate(0, -page * body)
            document.drawContents(painter, QRectF(0, page * body, width, body))
            painter.restore()
            painter.setFont(document.defaultFont())
            foot = QRectF(0, height - _FOOT / 2, width, _FOOT / 2)
            painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, RESEARCH_NOTICE)
            painter.drawText(foot, Qt.AlignmentFlag.AlignRight, f"{page + 1} of {document.pageCount()}")
    finally:
        painter.end()
