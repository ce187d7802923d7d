"""The widget that paints frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QFont, QImage, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from polyplive.gui.theme import ALERT, QUIET, TEXT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polyplive.types import Image

_GAP = 8
_CAPTION_HEIGHT = 24
_MARGIN = 8


class VideoView(QWidget):
    """Shows one or two pictures side by side, as large as fits with their proportions kept; or a message.

    Pictures are converted to 32 bits a pixel once each: Qt scales those about three times as fast as 24 bits.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures: list[tuple[QImage, Image]] = []
        self._captions: tuple[str, ...] = ()
        self._message = ("", "")
        self._alert = False
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 180)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Video")

    def sizeHint(self) -> QSize:  # noqa: N802
        """The usual share of the window."""
        return QSize(960, 640)

    def show_images(self, images: Sequence[Image], captions: Sequence[str] = ()) -> None:
        """Show ``images`` (uint8 [H, W, 3] BGR), from left to right, with a caption above each where there are any."""
        kept = [pixels for _, pixels in self._pictures]
        self._pictures = [
            _to_qimage(image, kept[place] if place < len(kept) else None) for place, image in enumerate(images)
        ]
        self._captions = tuple(captions)
        self.update()

    def show_message(self, title: str, detail: str = "", *, alert: bool = False) -> None:
        """Text for when there is no picture."""
        if self._message != (title, detail) or self._alert != alert:
            self._message, self._alert = (title, detail), alert
            self.update()

    def picture_rects(self) -> list[QRectF]:
        """Where each picture is painted, in logical pixels of the widget, on whole pixels of the screen."""
        count = len(self._pictures)
        if not count:
            return []
        top = _CAPTION_HEIGHT if self._captions else 0
        cell = (self.width() - 2 * _MARGIN - (count - 1) * _GAP) / count
        room = self.height() - 2 * _MARGIN - top
        rects = []
        for place, (picture, _) in enumerate(self._pictures):
            scale = max(min(cell / picture.width(), room / picture.height()), 1e-6)
            width, height = picture.width() * scale, picture.height() * scale
            left = _MARGIN + place * (cell + _GAP) + (cell - width) / 2
            rects.append(self._on_pixels(QRectF(left, _MARGIN + top + (room - height) / 2, width, height)))
        return rects

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Paint the pictures, or the message."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(0, 0, 0))
        if not self._pictures:
            self._paint_message(painter)
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for place, ((picture, _), rect) in enumerate(zip(self._pictures, self.picture_rects(), strict=True)):
            painter.drawImage(rect, picture)
            if place < len(self._captions):
                painter.setPen(QColor(QUIET))
                above = QRectF(rect.left(), rect.top() - _CAPTION_HEIGHT, rect.width(), _CAPTION_HEIGHT - 2)
                painter.drawText(above, Qt.AlignmentFlag.AlignCenter, self._captions[place])

    def _paint_message(self, painter: QPainter) -> None:
        title, detail = self._message
        font = QFont(self.font())
        font.setPixelSize(20)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(QColor(ALERT if self._alert else TEXT))
        middle = self.rect().center().y()
        painter.drawText(QRectF(24, middle - 46, self.width() - 48, 40), Qt.AlignmentFlag.AlignCenter, title)
        font.setPixelSize(14)
        font.setWeight(QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(QColor(QUIET))
        flags = (Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop).value | Qt.TextFlag.TextWordWrap.value
        painter.drawText(QRectF(48, middle + 4, self.width() - 96, self.height() / 2 - 8), flags, detail)

    def _on_pixels(self, rect: QRectF) -> QRectF:
        ratio = self.devicePixelRatioF()
        left, top = round(rect.left() * ratio) / ratio, round(rect.top() * ratio) / ratio
        size = QPointF(round(rect.width() * ratio) / ratio, round(rect.height() * ratio) / ratio)
        return QRectF(left, top, size.x(), size.y())


def _to_qimage(image: Image, pixels: Image | None) -> tuple[QImage, Image]:
    """A QImage over a BGRA copy, which has to live as long; ``pixels`` are those of an earlier one to be used again."""
    if pixels is None or pixels.shape[:2] != image.shape[:2]:
        pixels = np.empty((*image.shape[:2], 4), np.uint8)
    cv2.cvtColor(image, cv2.COLOR_BGR2BGRA, dst=pixels)
    height, width = pixels.shape[:2]
    buffer: Any = pixels.data  # PyQt takes any buffer, and says bytes
    return QImage(buffer, width, height, pixels.strides[0], QImage.Format.Format_RGB32), pixels
