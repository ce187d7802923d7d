"""The samples of a frame on the card, scaled there in the steps of ``polyplive.pixels`` on the processor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QSize
from PyQt6.QtOpenGL import QOpenGLFramebufferObject

from polyplive.gui.view.opengl.drawing import BYTE, Area, Grid
from polyplive.gui.view.opengl.renderer import OpenGLError
from polyplive.gui.view.opengl.textures import ArrayTexture
from polyplive.pixels.crop import Cut
from polyplive.pixels.resampling import cuts
from polyplive.pixels.shrink import halvings
from polyplive.system.spans import SCALE, span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PyQt6.QtOpenGL import QOpenGLFunctions_4_1_Core

    from polyplive.gui.view.opengl.drawing import Drawing
    from polyplive.pixels.crop import Crop
    from polyplive.pixels.yuv import YuvSamples
    from polyplive.types import Frame

_TEXTURE_2D = 0x0DE1
_R8, _R16, _RGBA8 = 0x8229, 0x822A, 0x8058
_WIDE = 65535.0


class FrameTextures:
    """Draws frames. Everything is made for one context, which is current whenever a method is called."""

    def __init__(self, functions: QOpenGLFunctions_4_1_Core, drawing: Drawing) -> None:
        self._gl = functions
        self._drawing = drawing
        self._planes: list[ArrayTexture] = []
        self._steps: dict[tuple[int, int], QOpenGLFramebufferObject] = {}
        self._frame: Frame | None = None

    def draw(self, frame: Frame, area: Area, crop: Crop | None = None) -> None:
        """Fill ``area`` with ``frame``, or ``crop`` of it, as ``Frame.bgra_at`` does. A frame goes to the card once.

        Raises ``OpenGLError`` where the card has no room.
        """
        if frame is not self._frame:
            with span(SCALE, frame.index):  # what is left of it for the processor
                self._upload(frame)
        if crop is None:
            self._draw_all(frame, area)
        else:
            self._draw_part(frame, area, crop)

    def destroy(self) -> None:
        """Free everything."""
        for plane in self._planes:
            plane.destroy()
        self._planes.clear()
        self._steps.clear()
        self._frame = None

    def _draw_all(self, frame: Frame, area: Area) -> None:
        grids = [Grid(plane.number, plane.width, plane.height) for plane in self._planes]
        samples = frame.yuv
        if samples is None:
            self._drawing.resample(self._halved(0, grids[0], area, _RGBA8), area)
            return
        kind, white = _stored(samples)
        beside = samples.beside
        is_own_size = (area.width, area.height) == (frame.width, frame.height)
        if not is_own_size:
            if beside:
                size = self._planes[1].width, self._planes[1].height
                grids[1:] = [self._centred(place, grids[place], size, beside, kind, white) for place in (1, 2)]
                beside = 0.0
            grids = [self._halved(place, grid, area, kind, white) for place, grid in enumerate(grids)]
        luma, cb, cr = grids
        is_shared = is_own_size and samples.bits == 8  # more bits go through a scaler in ``Picture.bgr``
        self._drawing.convert((luma, cb, cr), samples, area, white=white, is_shared=is_shared, beside=beside)

    def _draw_part(self, frame: Frame, area: Area, crop: Crop) -> None:
        samples, size = frame.yuv, (area.height, area.width)
        if samples is None:
            cut = Cut.of((frame.height, frame.width), crop, size)
            self._drawing.resample(self._cut(0, cut, area, _RGBA8), area)
            return
        kind, white = _stored(samples)
        luma, cb, cr = (
            self._cut(place, cut, area, kind, white, samples.beside if place else 0.0)
            for place, cut in enumerate(cuts(samples, crop, size))
        )
        self._drawing.convert((luma, cb, cr), samples, area, white=white, is_shared=False, beside=0.0)

    def _upload(self, frame: Frame) -> None:
        arrays = frame.picture.planes
        while len(self._planes) < len(arrays):
            self._planes.append(ArrayTexture(self._gl))
        for plane, array in zip(self._planes, arrays, strict=False):
            plane.upload(array)
        self._frame = frame

    def _halved(self, place: int, grid: Grid, area: Area, kind: int, white: float = BYTE) -> Grid:
        plane = self._planes[place]
        return self._through(place, grid, halvings(plane.height, plane.width, area.height, area.width), kind, white)

    def _cut(self, place: int, cut: Cut, area: Area, kind: int, white: float = BYTE, beside: float = 0.0) -> Grid:
        """The part of a plane that ``cut`` takes, centred and halved as there."""
        left, top = cut.columns.start, cut.rows.start
        width, height = cut.columns.stop - left, cut.rows.stop - top
        grid = Grid(self._planes[place].number, width, height, left, top)
        if beside:
            grid = self._centred(place, grid, (width, height), beside, kind, white)
        grid = self._through(place, grid, cut.sizes, kind, white)
        across, down = cut.growth
        x, y = grid.x + cut.before[0] / across, grid.y + cut.before[1] / down
        return Grid(grid.texture, area.width / across, area.height / down, x, y)

    def _through(self, place: int, grid: Grid, sizes: Sequence[tuple[int, int]], kind: int, white: float) -> Grid:
        """``grid``, of one plane, scaled to one of ``sizes`` (rows, columns) after another."""
        for step, (height, width) in enumerate(sizes, start=1):
            onto = self._step(place, step, width, height, kind)
            self._drawing.resample(grid, Area(onto.handle(), 0, 0, width, height), white=white)
            grid = Grid(onto.texture(), width, height)
        return grid

    def _centred(self, place: int, grid: Grid, size: tuple[int, int], beside: float, kind: int, white: float) -> Grid:
        """Chroma of ``size`` (width, height) as if each sample lay amid the pixels that share it."""
        onto = self._step(place, 0, *size, kind)
        self._drawing.resample(grid, Area(onto.handle(), 0, 0, *size), white=white, beside=beside)
        return Grid(onto.texture(), *size)

    def _step(self, place: int, step: int, width: int, height: int, kind: int) -> QOpenGLFramebufferObject:
        """A texture that can be drawn into, for one step of one plane."""
        size = QSize(width, height)
        kept = self._steps.get((place, step))
        if kept is None or kept.size() != size or kept.format().internalTextureFormat() != kind:
            attachment = QOpenGLFramebufferObject.Attachment.NoAttachment
            kept = QOpenGLFramebufferObject(size, attachment, _TEXTURE_2D, kind)
            if not kept.isValid():
                raise OpenGLError(f"the card gives no texture of {width}x{height}")
            self._steps[place, step] = kept
        return kept


def _stored(samples: YuvSamples) -> tuple[int, float]:
    """As what samples are kept on the card, and the number of the brightest that can be."""
    return (_R8, BYTE) if samples.luma.itemsize == 1 else (_R16, _WIDE)
