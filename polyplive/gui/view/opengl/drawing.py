"""What is drawn with one call: a texture scaled, laid over, or three of them converted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PyQt6.QtGui import QVector2D, QVector4D
from PyQt6.QtOpenGL import QOpenGLVertexArrayObject

from polyplive.gui.view.opengl.programs import converting_program, resampling_program
from polyplive.gui.view.opengl.renderer import OpenGLError

if TYPE_CHECKING:
    from PyQt6.QtOpenGL import QOpenGLFunctions_4_1_Core, QOpenGLShaderProgram

    from polyplive.pixels.yuv import YuvSamples

_TEXTURE_2D, _FIRST_UNIT, _TRIANGLES, _FRAMEBUFFER = 0x0DE1, 0x84C0, 0x0004, 0x8D40
_BLEND, _ONE, _ONE_MINUS_ALPHA = 0x0BE2, 1, 0x0303
_DITHER, _DEPTH_TEST, _CULL_FACE, _SCISSOR_TEST = 0x0BD0, 0x0B71, 0x0B44, 0x0C11
_COLOUR_BUFFER = 0x4000
BYTE = 255.0
"""The number of the brightest sample in a texture of bytes."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The samples of a texture, by OpenGL's number, that are drawn: ``width`` by ``height`` from ``x``, ``y`` on.

    Its first row is the top one. Edges may lie within samples.
    """

    texture: int
    width: float
    height: float
    x: float = 0.0
    y: float = 0.0

    @property
    def first(self) -> QVector2D:
        """Where it begins."""
        return QVector2D(self.x, self.y)

    def ratio_to(self, area: Area) -> QVector2D:
        """How many of its samples lie in one pixel of ``area``."""
        return QVector2D(self.width / area.width, self.height / area.height)


@dataclass(frozen=True, slots=True)
class Area:
    """Where is drawn: a rectangle of a framebuffer, which may reach outside of it.

    ``x`` and ``y`` count pixels from OpenGL's origin. With ``is_upright`` the framebuffer is a screen: its origin is
    the bottom left. Else it is a texture, whose first row is the top one.
    """

    framebuffer: int
    x: int
    y: int
    width: int
    height: int
    is_upright: bool = False


class Drawing:
    """The programs of one context, which is current whenever a method is called."""

    def __init__(self, functions: QOpenGLFunctions_4_1_Core) -> None:
        """Raises ``OpenGLError`` where the driver refuses a program."""
        self._gl = functions
        self._resampling, self._converting = resampling_program(), converting_program()
        self._corners = QOpenGLVertexArrayObject()  # empty, but without one nothing is drawn
        if not self._corners.create():
            raise OpenGLError("the driver gives no vertex array")

    def begin(self, area: Area) -> None:
        """Fill ``area``, all of a framebuffer, with black; before anything else is drawn there."""
        for state in (_DITHER, _DEPTH_TEST, _CULL_FACE, _SCISSOR_TEST, _BLEND):
            self._gl.glDisable(state)
        self._aim(area)
        self._gl.glClearColor(0, 0, 0, 1)
        self._gl.glClear(_COLOUR_BUFFER)

    def resample(self, source: Grid, area: Area, *, white: float = BYTE, beside: float = 0.0) -> None:
        """Fill ``area`` with all of ``source``, linearly; each channel rounded to steps of 1 / ``white``.

        ``beside`` is how many samples further to the right is looked than a pixel's middle lies.
        """
        program = self._resampling
        self._use(program, area, {"plane": source})
        program.setUniformValue("first", source.first)
        program.setUniformValue("ratio", source.ratio_to(area))
        program.setUniformValue("beside", float(beside))
        program.setUniformValue("white", float(white))
        self._fill()

    def lay(self, source: Grid, area: Area) -> None:
        """Lay ``source``, of premultiplied colours, over what is in ``area``, which is as large."""
        self._gl.glEnable(_BLEND)
        self._gl.glBlendFunc(_ONE, _ONE_MINUS_ALPHA)
        self.resample(source, area)
        self._gl.glDisable(_BLEND)

    def convert(
        self,
        planes: tuple[Grid, Grid, Grid],
        samples: YuvSamples,
        area: Area,
        *,
        white: float,
        is_shared: bool,
        beside: float,
    ) -> None:
        """Fill ``area`` with the colours of luma, Cb and Cr, scaled linearly and coded as ``samples`` are.

        ``white`` is as in ``resample``, ``beside`` too, of chroma. With ``is_shared``, where the area has the frame's
        own size, the pixels that share a sample of chroma get the same one.
        """
        luma, cb, cr = planes
        program = self._converting
        self._use(program, area, {"luma": luma, "cb": cb, "cr": cr})
        program.setUniformValue("luma_first", luma.first)
        program.setUniformValue("luma_ratio", luma.ratio_to(area))
        program.setUniformValue("chroma_first", cb.first)
        program.setUniformValue("chroma_ratio", cb.ratio_to(area))
        program.setUniformValue("beside", float(beside))
        program.setUniformValue("across", samples.across if is_shared else 0)
        program.setUniformValue("down", samples.down)
        program.setUniformValue("white", float(white))
        for name, shares in zip(("blue", "green", "red"), samples.to_bgr, strict=True):
            program.setUniformValue(name, QVector4D(*map(float, shares)))
        self._fill()

    def destroy(self) -> None:
        """Free everything."""
        self._corners.destroy()
        self._resampling.removeAllShaders()
        self._converting.removeAllShaders()

    def _use(self, program: QOpenGLShaderProgram, area: Area, textures: dict[str, Grid]) -> None:
        program.bind()
        self._aim(area)
        program.setUniformValue("origin_x", area.x)
        program.setUniformValue("origin_y", area.y)
        program.setUniformValue("rows", area.height if area.is_upright else 0)
        for unit, (name, grid) in enumerate(textures.items()):
            self._gl.glActiveTexture(_FIRST_UNIT + unit)
            self._gl.glBindTexture(_TEXTURE_2D, grid.texture)
            program.setUniformValue(name, unit)
        self._gl.glActiveTexture(_FIRST_UNIT)

    def _aim(self, area: Area) -> None:
        self._gl.glBindFramebuffer(_FRAMEBUFFER, area.framebuffer)
        self._gl.glViewport(area.x, area.y, area.width, area.height)

    def _fill(self) -> None:
        self._corners.bind()
        self._gl.glDrawArrays(_TRIANGLES, 0, 3)
        self._corners.release()
