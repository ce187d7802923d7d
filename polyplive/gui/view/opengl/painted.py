"""Text that Qt's own painter writes, as pixels to lay over: it looks as in the raster view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PyQt6.QtCore import QSize
from PyQt6.QtGui import QColor, QImage, QPainter

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from PyQt6.QtWidgets import QWidget


def painted(widget: QWidget, height: int, paint: Callable[[QPainter], None]) -> NDArray[np.uint8]:
    """uint8 [h, w, 4] BGRA, opaque and black but for what ``paint`` writes.

    It is as wide as ``widget`` and ``height`` logical pixels high, in device pixels. ``paint`` counts logical ones.
    """
    ratio = widget.devicePixelRatioF()
    image = QImage(QSize(widget.width(), height) * ratio, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(QColor(0, 0, 0))
    painter = QPainter(image)
    painter.setFont(widget.font())
    paint(painter)
    painter.end()
    memory: Any = image.constBits()
    memory.setsize(image.sizeInBytes())
    pixels: NDArray[np.uint8] = np.frombuffer(memory, np.uint8).reshape(image.height(), image.width(), 4).copy()
    return pixels
