"""The widget that OpenGL draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QTimer, pyqtSignal
from PyQt6.QtGui import QOpenGLContext
from PyQt6.QtOpenGLWidgets import QOpenGLWidget

from polyplive.gui.view.arrangement import CAPTION_HEIGHT
from polyplive.gui.view.opengl.canvas import Canvas
from polyplive.gui.view.opengl.painted import painted
from polyplive.gui.view.opengl.renderer import OpenGLError, surface_format
from polyplive.gui.view.signs import loupe_frame, zoom_sign
from polyplive.overlay.baked import Patch

if TYPE_CHECKING:
    from PyQt6.QtGui import QHideEvent
    from PyQt6.QtWidgets import QWidget

    from polyplive.gui.view.arrangement import Arrangement
    from polyplive.gui.view.contents import Contents
    from polyplive.gui.view.scene import Scene

_MISSES = 3
"""So many paintings in a row that did not come about mean that the context is lost."""


class OpenGLSurface(QOpenGLWidget):
    """Draws ``contents``: the card scales and converts samples, and lays the overlay over them. Qt's thread.

    ``failed`` is emitted once, with the reason, where it cannot go on; nothing is drawn from then on.
    """

    failed = pyqtSignal(str)

    def __init__(self, contents: Contents, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFormat(surface_format())
        self._contents = contents
        self._canvas: Canvas | None = None
        self._captions: tuple[Arrangement, Patch] | None = None
        self._layout: object = None
        self._has_failed = False
        self._is_painted = False
        self._misses = 0

    def initializeGL(self) -> None:  # noqa: N802
        """Called for each new context: where the widget comes into another window, too."""
        context = self.context()
        if context is not None:
            context.aboutToBeDestroyed.connect(self.release)

    def paintGL(self) -> None:  # noqa: N802
        """Draw the pictures, or the message. Qt calls it, too, where the context cannot be made current."""
        if QOpenGLContext.currentContext() is None:
            return
        self._is_painted = True
        if self._has_failed:
            return
        try:
            if self._canvas is None:
                self._canvas = Canvas(self.context())
            self._draw(self._canvas)
        except OpenGLError as error:
            self._fail(str(error))

    def hideEvent(self, event: QHideEvent | None) -> None:  # noqa: N802
        """Free the card's memory; also before the widget goes, since its context may then go first."""
        self.release()
        super().hideEvent(event)

    def release(self) -> None:
        """Free what lives in the context. The next painting makes it anew."""
        canvas, self._canvas = self._canvas, None
        self._layout = None
        if canvas is not None:
            self.makeCurrent()
            if QOpenGLContext.currentContext() is not None:  # else all of it went with the context
                canvas.destroy()
            self.doneCurrent()

    def check_is_painted(self) -> None:
        """To be called after ``repaint``: where it draws nothing again and again, the context is lost."""
        window = self.window()
        handle = None if window is None else window.windowHandle()
        is_wanted = self.isVisible() and handle is not None and handle.isExposed() and not self.size().isEmpty()
        self._misses = self._misses + 1 if is_wanted and not self._is_painted else 0
        self._is_painted = False
        if self._misses >= _MISSES:
            self._fail("its context is lost")

    def _draw(self, canvas: Canvas) -> None:
        size = self.size() * self.devicePixelRatioF()  # rounded as Qt rounds the framebuffer's
        width, height = size.width(), size.height()
        canvas.begin(self.defaultFramebufferObject(), width, height)
        scene, arrangement = self._contents.scene, self._contents.arrangement(self)
        if scene is None or arrangement is None:
            text = painted(self, self.height(), lambda painter: self._contents.paint_message(painter, self))
            canvas.lay([Patch(0, 0, text)])
            return
        crop, loupe = self._contents.crop_of(scene.frame), self._contents.loupe_of(scene, arrangement)
        for cell in arrangement.cells:
            canvas.draw_frame(scene.frame, cell, crop)
        canvas.lay(self._patches(scene, arrangement))
        if loupe is not None:
            canvas.draw_frame(scene.frame, loupe.rect, loupe.crop)
            canvas.lay([*loupe.patches(scene), *loupe_frame(loupe, arrangement.ratio)])
        canvas.lay(self._contents.announcements(self, scene, arrangement))
        layout = width, height, scene.frame.width, scene.frame.height
        if layout != self._layout:  # the card has been asked for room: it may have refused
            self._layout = layout
            canvas.check()

    def _patches(self, scene: Scene, arrangement: Arrangement) -> list[Patch]:
        """The captions, the overlay over the last picture, and the sign of a part."""
        last = arrangement.cells[-1]
        target = self._contents.target_of(scene, arrangement)
        moved = [Patch(last.x + patch.x, last.y + patch.y, patch.pixels) for patch in scene.patches(target)]
        moved += zoom_sign(scene, target, arrangement)
        return [*self._caption(arrangement), *moved] if len(arrangement.cells) > 1 else moved

    def _caption(self, arrangement: Arrangement) -> list[Patch]:
        """The line above two pictures; painted again where they lie elsewhere."""
        if self._captions is None or self._captions[0] != arrangement:
            rects = self._contents.rects(self)
            top = rects[0].top() - CAPTION_HEIGHT
            for rect in rects:
                rect.translate(0, -top)
            line = painted(self, CAPTION_HEIGHT, lambda painter: self._contents.paint_captions(painter, rects))
            self._captions = arrangement, Patch(0, round(top * arrangement.ratio), line)
        return [self._captions[1]]

    def _fail(self, why: str) -> None:
        if not self._has_failed:
            self._has_failed = True
            QTimer.singleShot(0, lambda: self.failed.emit(why))  # not while Qt paints: the widget is thrown away
