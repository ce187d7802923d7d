"""The part of a window that shows pictures, whatever draws them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QSurfaceFormat
from PyQt6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from polyplive.gui.view.choice import choose
from polyplive.gui.view.contents import Contents
from polyplive.gui.view.opengl.renderer import surface_format
from polyplive.gui.view.opengl.surface import OpenGLSurface
from polyplive.gui.view.raster import RasterSurface

if TYPE_CHECKING:
    from PyQt6.QtCore import QRectF

    from polyplive.gui.view.scene import Scene
    from polyplive.types import ViewOption


class VideoView(QWidget):
    """Shows a picture, the same picture twice, or a message. Qt's thread.

    ``contents`` is what it shows, ``surface`` the widget that draws it. After ``show_scene`` a window may call
    ``repaint``, which returns when the picture is on its way to the screen. Where OpenGL was to draw and does not, Qt's
    painter takes over and ``fell_back`` is emitted, once, with one line that says why.
    """

    fell_back = pyqtSignal(str)

    def __init__(self, wanted: ViewOption = "auto", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.contents = Contents()
        self.surface: RasterSurface | OpenGLSurface
        choice = choose(wanted)
        if choice.is_opengl:
            QSurfaceFormat.setDefaultFormat(surface_format())  # of the window, which is made when it is shown
            self.surface = OpenGLSurface(self.contents)
            self.surface.failed.connect(self._fall_back)
        else:
            self.surface = RasterSurface(self.contents)
        if choice.is_refused:
            QTimer.singleShot(0, lambda: self._tell(choice.why))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.surface)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 180)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Video")

    @property
    def is_opengl(self) -> bool:
        """Whether OpenGL draws."""
        return isinstance(self.surface, OpenGLSurface)

    def sizeHint(self) -> QSize:  # noqa: N802
        """The preferred size."""
        return QSize(960, 640)

    def show_scene(self, scene: Scene | None) -> None:
        """Show ``scene`` from the next painting on; its frame is converted then, and once. None: the message."""
        self.contents.scene = scene
        self.surface.update()

    def show_message(self, title: str, detail: str = "", *, alert: bool = False) -> None:
        """Show a text while there is no picture."""
        if self.contents.set_message(title, detail, alert):
            self.surface.update()

    def picture_rects(self) -> list[QRectF]:
        """The rectangle of each picture in logical pixels of the widget, aligned to device pixels."""
        return self.contents.rects(self)

    def repaint(self) -> None:  # type: ignore[override]  # of the four that Qt has, windows use this one
        """Paint now."""
        self.surface.repaint()
        if isinstance(self.surface, OpenGLSurface):
            self.surface.check_is_painted()

    def _fall_back(self, why: str) -> None:
        """Let Qt's painter draw from now on."""
        if not isinstance(self.surface, OpenGLSurface):
            return
        failed, self.surface = self.surface, RasterSurface(self.contents)
        layout = self.layout()
        assert layout is not None
        layout.replaceWidget(failed, self.surface)
        failed.hide()
        failed.deleteLater()
        self.surface.show()
        self._tell(why)

    def _tell(self, why: str) -> None:
        self.fell_back.emit(f"The picture is drawn without OpenGL: {why}.")
