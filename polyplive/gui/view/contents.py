"""What every kind of view shows and tells: the part of it that does not depend on how pixels reach the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QColor

from polyplive.gui.parts.theme import ALERT, QUIET, TEXT
from polyplive.gui.view.announcements import Announcements
from polyplive.gui.view.arrangement import CAPTION_HEIGHT, MARGIN, arrange
from polyplive.gui.view.banner import font_of
from polyplive.gui.view.loupe import Loupe
from polyplive.gui.view.zoom import Zoom
from polyplive.pixels.crop import Crop

if TYPE_CHECKING:
    from collections.abc import Callable

    from PyQt6.QtGui import QPainter
    from PyQt6.QtWidgets import QWidget

    from polyplive.gui.view.arrangement import Arrangement
    from polyplive.gui.view.scene import Scene
    from polyplive.overlay.baked import Patch
    from polyplive.overlay.target import Target
    from polyplive.types import Frame

CAPTIONS = ("Source", "Overlay")
"""Above two pictures side by side."""


class Contents:
    """What a view shows: one picture, the same picture twice, or a message. Qt's thread.

    ``on_target`` is called while painting, with the size of what is painted whenever that has changed. Who draws
    overlays beforehand wants to know it. ``zoom`` says which part of each picture is seen. ``loupe_at`` is the place of
    the loupe in logical pixels; None without it. ``margin`` logical pixels are left free at each edge. ``said`` is what
    stands over the pictures.
    """

    def __init__(self) -> None:
        self.scene: Scene | None = None
        self.on_target: Callable[[Target], None] = lambda _: None
        self.zoom = Zoom()
        self.margin = MARGIN
        self.loupe_at: tuple[float, float] | None = None
        self.said = Announcements()
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
        return arrange(shown, (widget.width(), widget.height()), widget.devicePixelRatioF(), count, self.margin)

    def rects(self, widget: QWidget) -> list[QRectF]:
        """The places of the pictures in logical pixels of ``widget``."""
        found = self.arrangement(widget)
        if found is None:
            return []
        ratio = found.ratio
        return [QRectF(c.x / ratio, c.y / ratio, c.width / ratio, c.height / ratio) for c in found.cells]

    def place_of(self, widget: QWidget, x: float, y: float) -> tuple[float, float]:
        """Where in the picture below or beside it a point of ``widget`` lies, in shares of what is seen of it."""
        rects = self.rects(widget)
        if not rects:
            return 0.5, 0.5
        rect = min(rects, key=lambda rect: max(rect.left() - x, x - rect.right()))
        across, down = (x - rect.left()) / rect.width(), (y - rect.top()) / rect.height()
        return min(max(across, 0.0), 1.0), min(max(down, 0.0), 1.0)

    def pixel_at(self, widget: QWidget, x: float, y: float) -> tuple[float, float, float] | None:
        """The source pixel (column, row) that a point of ``widget`` shows, and how many columns are one logical pixel.

        None beside the pictures.
        """
        scene = self.scene
        rect = next((rect for rect in self.rects(widget) if rect.contains(x, y)), None)
        if scene is None or rect is None:
            return None
        frame = scene.frame
        seen = self.crop_of(frame) or Crop(0.0, 0.0, frame.width, frame.height)
        across, down = seen.width / rect.width(), seen.height / rect.height()
        return seen.x + (x - rect.left()) * across - 0.5, seen.y + (y - rect.top()) * down - 0.5, across

    def crop_of(self, frame: Frame) -> Crop | None:
        """What is seen of ``frame``; None where that is all of it."""
        return self.zoom.crop(frame.width, frame.height)

    def loupe_of(self, scene: Scene, arrangement: Arrangement) -> Loupe | None:
        """The loupe where it is on, over a picture."""
        if self.loupe_at is None:
            return None
        return Loupe.at(self.loupe_at, scene, arrangement, self.crop_of(scene.frame))

    def target_of(self, scene: Scene, arrangement: Arrangement) -> Target:
        """The size at which the overlay is drawn, in a view so arranged; tells ``on_target`` of another one."""
        target = scene.target(*arrangement.size, arrangement.ratio, self.crop_of(scene.frame))
        if target != self._target:
            self._target = target
            self.on_target(target)
        return target

    def announcements(self, widget: QWidget, scene: Scene, arrangement: Arrangement) -> list[Patch]:
        """What is said over the pictures, in device pixels of ``widget``; mostly nothing."""
        said = self.said
        if said.banner is None and not said.glows:
            return []
        found = scene.prediction.detections if scene.prediction is not None else ()
        target = self.target_of(scene, arrangement)
        return said.patches(widget, arrangement, [target.box(detection.bbox) for detection in found])

    def paint_captions(self, painter: QPainter, rects: list[QRectF]) -> None:
        """Write above two pictures which is which; ``painter`` counts logical pixels."""
        painter.setPen(QColor(QUIET))
        for rect, caption in zip(rects, CAPTIONS, strict=True):
            above = QRectF(rect.left(), rect.top() - CAPTION_HEIGHT, rect.width(), CAPTION_HEIGHT - 2)
            painter.drawText(above, Qt.AlignmentFlag.AlignCenter, caption)

    def paint_message(self, painter: QPainter, widget: QWidget) -> None:
        """Write the message in the middle of ``widget``; ``painter`` counts logical pixels."""
        title, detail = self._message
        window = widget.window()
        tall = window.height() if window is not None else widget.height()
        family = widget.font().family()
        large, small = font_of(family, 1.6, tall, 1.0, bold=True), font_of(family, 1.0, tall, 1.0)
        painter.setFont(large)
        painter.setPen(QColor(ALERT if self._alert else TEXT))
        width, middle, gap = widget.width(), widget.rect().center().y(), large.pixelSize() / 2
        flags = (Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom).value | Qt.TextFlag.TextWordWrap.value
        painter.drawText(QRectF(24, 4, width - 48, middle - gap - 4), flags, title)
        painter.setFont(small)
        painter.setPen(QColor(QUIET))
        flags = (Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop).value | Qt.TextFlag.TextWordWrap.value
        painter.drawText(QRectF(48, middle + 4, width - 96, widget.height() / 2 - 8), flags, detail)
