"""The part of a window that shows pictures, whatever draws them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QPointF, QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QCursor, QHelpEvent, QSurfaceFormat
from PyQt6.QtWidgets import QSizePolicy, QToolTip, QVBoxLayout, QWidget

from polyplive.gui.view.arrangement import MARGIN
from polyplive.gui.view.choice import choose
from polyplive.gui.view.contents import Contents
from polyplive.gui.view.hit import finding_at
from polyplive.gui.view.legend_tip import legend_tip
from polyplive.gui.view.opengl.renderer import surface_format
from polyplive.gui.view.opengl.surface import OpenGLSurface
from polyplive.gui.view.pointer import Pointer
from polyplive.gui.view.raster import RasterSurface
from polyplive.gui.view.zoom import Zoom

if TYPE_CHECKING:
    from PyQt6.QtCore import QRectF

    from polyplive.gui.view.banner import Banner
    from polyplive.gui.view.scene import Scene
    from polyplive.types import ViewOption

_REACH = 6.0
"""Logical pixels. A click so near to a small finding still means it."""


class VideoView(QWidget):
    """Shows a picture, the same picture twice, or a message. Qt's thread.

    ``contents`` is what it shows, ``surface`` the widget that draws it. After ``show_scene`` a window may call
    ``repaint``, which returns when the picture is on its way to the screen. Where OpenGL was to draw and does not, Qt's
    painter takes over and ``fell_back`` is emitted, once, with one line that says why.

    The wheel and a pinch zoom around the pointer, and a drag moves a picture that is zoomed: ``zoomed`` tells the new
    factor. ``clicked``, with its place, and ``double_clicked`` are emitted wherever in the view that happens.
    """

    fell_back = pyqtSignal(str)
    clicked = pyqtSignal(QPointF)
    double_clicked = pyqtSignal()
    zoomed = pyqtSignal(float)

    def __init__(self, wanted: ViewOption = "auto", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.contents = Contents()
        self._has_loupe = self._hides_pointer = False
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
        self.pointer = Pointer(self)
        self._listen()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._for_the_eye_alone(self.surface))
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

    def show_banner(self, banner: Banner | None) -> None:
        """Say ``banner`` over the picture from the next painting on; None: nothing."""
        if banner != self.contents.said.banner:
            self.contents.said.banner = banner
            self.setAccessibleDescription(banner.title if banner is not None else "")
            self.surface.update()

    def show_glow(self, glows: bool) -> None:
        """Whether a bright frame stands around the picture."""
        if glows != self.contents.said.glows:
            self.contents.said.glows = glows
            self.surface.update()

    def picture_rects(self) -> list[QRectF]:
        """The rectangle of each picture in logical pixels of the widget, aligned to device pixels."""
        return self.contents.rects(self)

    def repaint(self) -> None:  # type: ignore[override]  # of the four that Qt has, windows use this one
        """Paint now."""
        self.surface.repaint()
        if isinstance(self.surface, OpenGLSurface):
            self.surface.check_is_painted()

    def finding_at(self, place: QPointF) -> int | None:
        """The number of the finding that is seen at ``place``, in logical pixels of the widget; None without one."""
        scene = self.contents.scene
        at = self.contents.pixel_at(self, place.x(), place.y())
        if scene is None or scene.prediction is None or not scene.settings.visible or at is None:
            return None
        return finding_at(scene.prediction, at[:2], _REACH * at[2])

    def zoom_by(self, steps: float, at: QPointF | None = None) -> None:
        """Show the picture so many steps larger, or smaller below 0: four of them double it, from 1 to 8 times.

        What lies at ``at``, in logical pixels of the widget, stays there; None: at the middle of the picture.
        """
        place = (0.5, 0.5) if at is None else self.contents.place_of(self, at.x(), at.y())
        self._set_zoom(self.contents.zoom.by(steps, place))

    def reset_zoom(self) -> None:
        """Show all of the picture."""
        self._set_zoom(Zoom())

    def pan(self, across: float, down: float) -> None:
        """Move what is seen of a zoomed picture to the right and down, by such shares of it."""
        self._set_zoom(self.contents.zoom.moved(-across, -down))

    def set_loupe(self, is_on: bool) -> None:
        """Whether a loupe follows the pointer: three times larger than the picture around it."""
        self._has_loupe = is_on
        self._move_loupe(QPointF(self.mapFromGlobal(QCursor.pos())) if is_on and self.underMouse() else None)

    @property
    def has_loupe(self) -> bool:
        """Whether the loupe is on."""
        return self._has_loupe

    def hide_pointer(self, is_hidden: bool) -> None:
        """Show no pointer over the view, or the one that says what a drag does."""
        self._hides_pointer = is_hidden
        self._show_pointer()

    def set_framed(self, is_framed: bool) -> None:
        """Whether a little room is left around the picture; without it the picture may fill the view to the pixel."""
        self.contents.margin = MARGIN if is_framed else 0
        self.surface.update()

    def event(self, event: QEvent | None) -> bool:
        """Tell a pointer that rests on the legend what heat does not tell."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(
                event.globalPos(), legend_tip(self.contents, self, event.pos().x(), event.pos().y()), self
            )
            return True
        return super().event(event)

    def _listen(self) -> None:
        pointer = self.pointer
        pointer.clicked.connect(self.clicked)
        pointer.double_clicked.connect(self.double_clicked)
        pointer.turned.connect(self.zoom_by)
        pointer.dragged.connect(self._drag)
        pointer.moved.connect(self._follow)
        pointer.left.connect(lambda: self._move_loupe(None))
        self.setMouseTracking(True)

    def _drag(self, by: QPointF) -> None:
        rects = self.picture_rects()
        if rects:
            self._set_zoom(self.contents.zoom.moved(by.x() / rects[0].width(), by.y() / rects[0].height()))

    def _follow(self, place: QPointF) -> None:
        self._show_pointer()
        if self._has_loupe:
            self._move_loupe(place)

    def _move_loupe(self, place: QPointF | None) -> None:
        at = None if place is None else (place.x(), place.y())
        if at != self.contents.loupe_at:
            self.contents.loupe_at = at
            self.surface.update()

    def _set_zoom(self, zoom: Zoom) -> None:
        before, self.contents.zoom = self.contents.zoom, zoom
        if zoom == before:
            return
        self.surface.update()
        self._show_pointer()
        if zoom.steps != before.steps:
            self.zoomed.emit(zoom.factor)

    def _show_pointer(self) -> None:
        shapes = Qt.CursorShape
        if self._hides_pointer:
            shape = shapes.BlankCursor
        elif self.contents.zoom.steps > 0 and self.contents.scene is not None:
            shape = shapes.ClosedHandCursor if self.pointer.is_dragging else shapes.OpenHandCursor
        else:
            shape = shapes.ArrowCursor
        if self.cursor().shape() != shape:
            self.setCursor(shape)

    def _for_the_eye_alone(self, surface: RasterSurface | OpenGLSurface) -> RasterSurface | OpenGLSurface:
        """``surface``, through which the pointer reaches the view."""
        surface.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        return surface

    def _fall_back(self, why: str) -> None:
        """Let Qt's painter draw from now on."""
        if not isinstance(self.surface, OpenGLSurface):
            return
        failed, self.surface = self.surface, RasterSurface(self.contents)
        layout = self.layout()
        assert layout is not None
        layout.replaceWidget(failed, self._for_the_eye_alone(self.surface))
        failed.hide()
        failed.deleteLater()
        self.surface.show()
        self._tell(why)

    def _tell(self, why: str) -> None:
        self.fell_back.emit(f"The picture is drawn without OpenGL: {why}.")
