"""The widget that Qt's own painter draws: it needs no graphics card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PyQt6.QtWidgets import QWidget
from PyQt6.sip import voidptr

from polyplive.gui.view.signs import loupe_frame, zoom_sign
from polyplive.system.spans import SCALE, span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from polyplive.gui.view.arrangement import Arrangement
    from polyplive.gui.view.contents import Contents
    from polyplive.gui.view.scene import Scene
    from polyplive.overlay.baked import Patch
    from polyplive.pixels.crop import Crop
    from polyplive.types import Frame


class RasterSurface(QWidget):
    """Draws ``contents``. Qt's thread.

    A frame is scaled once, straight to the device pixels that show it, into memory that the next frame uses again. The
    overlay is laid over it pixel by pixel. To paint the same frame again costs no more than copying it.
    """

    def __init__(self, contents: Contents, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._contents = contents
        self._scaled, self._magnified = _Scaled(), _Scaled()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Paint the pictures, or the message."""
        painter = QPainter(self)
        scene, arrangement = self._contents.scene, self._contents.arrangement(self)
        if scene is None or arrangement is None:
            painter.fillRect(self.rect(), QColor(0, 0, 0))
            self._contents.paint_message(painter, self)
            return
        painter.save()
        painter.scale(1 / arrangement.ratio, 1 / arrangement.ratio)  # from here on in device pixels: nothing is scaled
        self._fill_around(painter, arrangement)
        scaled = self._scaled.of(scene.frame, *arrangement.size, self._contents.crop_of(scene.frame))
        for cell in arrangement.cells:
            painter.drawImage(QPoint(cell.x, cell.y), scaled)
        last = arrangement.cells[-1]
        target = self._contents.target_of(scene, arrangement)
        for patch in scene.patches(target):
            painter.drawImage(QPoint(last.x + patch.x, last.y + patch.y), _premultiplied(patch.pixels))
        self._lay(painter, zoom_sign(scene, target, arrangement))
        self._paint_loupe(painter, scene, arrangement)
        self._lay(painter, self._contents.announcements(self, scene, arrangement))
        painter.restore()
        if scene.side_by_side:
            self._contents.paint_captions(painter, self._contents.rects(self))

    def _paint_loupe(self, painter: QPainter, scene: Scene, arrangement: Arrangement) -> None:
        loupe = self._contents.loupe_of(scene, arrangement)
        if loupe is None:
            return
        rect = loupe.rect
        painter.drawImage(QPoint(rect.x, rect.y), self._magnified.of(scene.frame, rect.width, rect.height, loupe.crop))
        self._lay(painter, [*loupe.patches(scene), *loupe_frame(loupe, arrangement.ratio)])

    def _lay(self, painter: QPainter, patches: Iterable[Patch]) -> None:
        for patch in patches:
            painter.drawImage(QPoint(patch.x, patch.y), _premultiplied(patch.pixels))

    def _fill_around(self, painter: QPainter, arrangement: Arrangement) -> None:
        """Paint black what no picture will cover."""
        ratio = arrangement.ratio
        for rect in arrangement.around(int(self.width() * ratio) + 1, int(self.height() * ratio) + 1):
            painter.fillRect(rect.x, rect.y, rect.width, rect.height, QColor(0, 0, 0))


class _Scaled:
    """The newest frame, or the part of it, at the size at which it was asked for last."""

    def __init__(self) -> None:
        self._pixels: NDArray[np.uint8] = np.zeros((1, 1, 4), np.uint8)
        self._image = QImage()
        self._frame: Frame | None = None
        self._crop: Crop | None = None

    def of(self, frame: Frame, width: int, height: int, crop: Crop | None) -> QImage:
        """``crop`` of ``frame`` as ``width`` by ``height`` pixels, until the next call with another part or size."""
        if self._pixels.shape[:2] != (height, width):
            self._pixels = np.empty((height, width, 4), np.uint8)
            buffer: Any = self._pixels.data  # PyQt takes any buffer, though its types say bytes
            self._image = QImage(buffer, width, height, 4 * width, QImage.Format.Format_RGB32)
        elif self._frame is frame and self._crop == crop:
            return self._image
        self._frame = None
        with span(SCALE, frame.index):
            frame.bgra_at(width, height, self._pixels, crop)
        self._frame, self._crop = frame, crop
        return self._image


def _premultiplied(pixels: NDArray[np.uint8]) -> QImage:
    """An image that uses the memory of ``pixels`` (uint8 [h, w, 4] BGRA, multiplied by alpha), which must live on."""
    height, width = pixels.shape[:2]
    memory: Any = voidptr(pixels.__array_interface__["data"][0])
    return QImage(memory, width, height, pixels.strides[0], QImage.Format.Format_ARGB32_Premultiplied)
