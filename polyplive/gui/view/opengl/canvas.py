"""Frames and overlays drawn with OpenGL into a framebuffer: a widget's, or one that a test reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.gui.view.opengl.drawing import Area, Drawing, Grid
from polyplive.gui.view.opengl.frame_textures import FrameTextures
from polyplive.gui.view.opengl.renderer import OpenGLError, functions_of
from polyplive.gui.view.opengl.textures import ArrayTexture

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray
    from PyQt6.QtGui import QOpenGLContext

    from polyplive.overlay.baked import Patch
    from polyplive.overlay.element import Rect
    from polyplive.pixels.crop import Crop
    from polyplive.types import Frame

_NO_ERROR = 0


class Canvas:
    """Draws with one context, which is current whenever a method is called. Pixels count from the top left."""

    def __init__(self, context: QOpenGLContext | None) -> None:
        """Raises ``OpenGLError`` where ``context`` does not do."""
        self._gl = functions_of(context)
        self._drawing = Drawing(self._gl)
        self._frames = FrameTextures(self._gl, self._drawing)
        self._patches: dict[int, tuple[NDArray[np.uint8], ArrayTexture]] = {}
        self._laid: dict[int, tuple[NDArray[np.uint8], ArrayTexture]] = {}
        self._all = Area(0, 0, 0, 1, 1, is_upright=True)

    def begin(self, framebuffer: int, width: int, height: int) -> None:
        """Draw into ``framebuffer``, by OpenGL's number, of so many pixels, from now on; it becomes black."""
        self._all = Area(framebuffer, 0, 0, width, height, is_upright=True)
        self._drawing.begin(self._all)
        for _, texture in self._patches.values():
            texture.destroy()
        self._patches, self._laid = self._laid, {}

    def draw_frame(self, frame: Frame, cell: Rect, crop: Crop | None = None) -> None:
        """Fill ``cell`` with ``frame``, or ``crop`` of it. Raises ``OpenGLError``."""
        self._frames.draw(frame, self._area(cell.x, cell.y, cell.width, cell.height), crop)

    def lay(self, patches: Iterable[Patch]) -> None:
        """Lay ``patches`` over what was drawn, one after another.

        The pixels of each go to the card once, for as long as it is laid after each ``begin``.
        """
        for patch in patches:
            pixels = patch.pixels
            key = id(pixels)  # nobody else can have it while ``pixels`` is kept
            kept = self._laid.get(key) or self._patches.pop(key, None)
            if kept is None:
                kept = pixels, ArrayTexture(self._gl)
                kept[1].upload(pixels)
            self._laid[key] = kept
            height, width = pixels.shape[:2]
            self._drawing.lay(Grid(kept[1].number, width, height), self._area(patch.x, patch.y, width, height))

    def check(self) -> None:
        """Raise ``OpenGLError`` where the driver has refused anything since the last call."""
        error = self._gl.glGetError()
        if error != _NO_ERROR:
            raise OpenGLError(f"the driver reports error 0x{error:04x}")

    def destroy(self) -> None:
        """Free everything."""
        for _, texture in (*self._patches.values(), *self._laid.values()):
            texture.destroy()
        self._patches.clear()
        self._laid.clear()
        self._frames.destroy()
        self._drawing.destroy()

    def _area(self, x: int, y: int, width: int, height: int) -> Area:
        from_below = self._all.height - y - height
        return Area(self._all.framebuffer, x, from_below, width, height, is_upright=True)
