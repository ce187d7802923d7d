"""What every kind of view shows and tells: the part of it that does not depend on how pixels reach the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QColor, QFont

from polyplive.gui.theme import ALERT, QUIET, TEXT
from polyplive.gui.view.arrangement import CAPTION_HEIGHT, arrange

if TYPE_CHECKING:
    from collections.abc import Callable

    from PyQt6.QtGui import QPainter
    from PyQt6.QtWidgets import QWidget

    from polyplive.gui.view.arrangement import Arrangement
    from polyplive.gui.view.scene import Scene
    from polyplive.overlay.target import Target

CAPTIONS = ("Source", "Overlay")
"""Above two pictures side by side."""


class Contents:
    """What a view shows: one picture, the same picture twice, or a message. Qt's thread.

    ``on_target`` is called while painting, with the size of what is painted whenever that has changed. Who draws
    overlays beforehand wants to know it.
    """

    def __init__(self) -> None:
        self.scene: Scene | None = None
        self.on_target: Callable[[Target], None] = lambda _: None
        self._message = ("", "")
        self._alert = False
        self._target: Target | None = None

    def set_message(self, title: str, detail: str, alert: bool) -> bool:
        """Keep a message; whether it is another one."""
        changed = (self._message, self._alert) != ((title, detail), alert)
        self._message, self._alert = (title, detail), alert
        return changed

    def arrangement(self, widget: QWidget) -> Arrangement | None:
        """Where the pictures lie in ``widget``; None without one."""
        scene = self.scene
        if scene is None:
            return None
        frame, count = scene.frame, 1 + scene.side_by_side
        shown = frame.width * frame.sample_aspect, frame.height
        return arrange(shown, (widget.width(), widget.height()), widget.devicePixelRatioF(), count)

    def rects(self, widget: QWidget) -> list[QRectF]:
        """The places of the pictures in logical pixels of ``widget``."""
        found = self.arrangement(widget)
        if found is None:
            return []
        ratio = found.ratio
        return [QRectF(c.x / ratio, c.y / ratio, c.width / ratio, c.height / ratio) for c in found.cells]

    def target_of(self, scene: Scene, arrangement: Arrangement) -> Target:
        """The size at which the overlay is drawn, in a view so arranged; tells ``on_target`` of another one."""
        target = scene.target(*arrangement.size, arrangement.ratio)
        if target != self._target:
            self._target = target
            self.on_target(target)
        return target

    def paint_captions(self, painter: QPainter, rects: list[QRectF]) -> None:
        """Write above two pictures which is which; ``painter`` counts logical pixels."""
        painter.setPen(QColor(QUIET))
        for rect, caption in zip(rects, CAPTIONS, strict=True):
            above = QRectF(rect.left(), rect.top() - CAPTION_HEIGHT, rect.width(), CAPTION_HEIGHT - 2)
            painter.drawText(above, Qt.AlignmentFlag.AlignCenter, caption)

    def paint_message(self, painter: QPainter, widget: QWidget) -> None:
        """Write the message in the middle of ``widget``; ``painter`` counts logical pixels."""
        title, detail = self._message
        font = QFont(widget.font())
        font.setPixelSize(20)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(QColor(ALERT if self._alert else TEXT))
        width, middle = widget.width(), widget.rect().center().y()
        painter.drawText(QRectF(24, middle - 46, width - 48, 40), Qt.AlignmentFlag.AlignCenter, title)
        font.setPixelSize(14)
        font.setWeight(QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(QColor(QUIET))
        flags = (Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop).value | Qt.TextFlag.TextWordWrap.value
        painter.drawText(QRectF(48, middle + 4, width - 96, widget.height() / 2 - 8), flags, detail)
