"""Arrays as textures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PyQt6.QtOpenGL import QOpenGLTexture
from PyQt6.sip import voidptr

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PyQt6.QtOpenGL import QOpenGLFunctions_4_1_Core

_Kind = QOpenGLTexture.TextureFormat
_RED, _BGR, _BGRA = 0x1903, 0x80E0, 0x80E1
_UINT8, _UINT16 = 0x1401, 0x1403
_FORMATS = {
    (1, 1): (_Kind.R8_UNorm, _RED, _UINT8),
    (1, 2): (_Kind.R16_UNorm, _RED, _UINT16),
    (3, 1): (_Kind.RGB8_UNorm, _BGR, _UINT8),
    (4, 1): (_Kind.RGBA8_UNorm, _BGRA, _UINT8),
}
"""Kept as, and given as, by the number of channels and the bytes of each."""
_TEXTURE_2D, _ALIGNMENT, _ROW_LENGTH = 0x0DE1, 0x0CF5, 0x0CF2
_USUAL_ALIGNMENT = 4


class ArrayTexture:
    """One array on the card. All methods with the context current in which it was made."""

    def __init__(self, functions: QOpenGLFunctions_4_1_Core) -> None:
        self._gl = functions
        self._texture = QOpenGLTexture(QOpenGLTexture.Target.Target2D)
        self._layout: tuple[_Kind, int, int] | None = None
        self.width = self.height = 0

    @property
    def number(self) -> int:
        """OpenGL's name of it."""
        return self._texture.textureId()

    def upload(self, array: NDArray[Any]) -> None:
        """Copy ``array``, uint8 or uint16 [h, w] or uint8 [h, w, 3 or 4] BGR(A), to the card.

        It goes there straight from its own memory, also where its rows lie apart.
        """
        channels = 1 if array.ndim == 2 else array.shape[2]
        pixel = channels * array.itemsize
        if not _is_lines(array, pixel):
            array = np.ascontiguousarray(array)
        kept, order, number = _FORMATS[channels, array.itemsize]
        self.height, self.width = array.shape[:2]
        self._allocate(kept)
        self._gl.glBindTexture(_TEXTURE_2D, self.number)
        self._gl.glPixelStorei(_ALIGNMENT, 1)
        self._gl.glPixelStorei(_ROW_LENGTH, array.strides[0] // pixel)
        memory: Any = voidptr(array.ctypes.data, array.nbytes)
        self._gl.glTexSubImage2D(_TEXTURE_2D, 0, 0, 0, self.width, self.height, order, number, memory)
        self._gl.glPixelStorei(_ROW_LENGTH, 0)
        self._gl.glPixelStorei(_ALIGNMENT, _USUAL_ALIGNMENT)

    def destroy(self) -> None:
        """Free it."""
        self._texture.destroy()

    def _allocate(self, kept: _Kind) -> None:
        """Make room for as many samples of that kind, where it is not there already."""
        layout = kept, self.width, self.height
        if layout == self._layout:
            return
        self._layout = layout
        self._texture.destroy()
        self._texture.setFormat(kept)
        self._texture.setSize(self.width, self.height)
        self._texture.setMipLevels(1)
        self._texture.allocateStorage()
        self._texture.setMinMagFilters(QOpenGLTexture.Filter.Nearest, QOpenGLTexture.Filter.Nearest)


def _is_lines(array: NDArray[Any], pixel: int) -> bool:
    """Whether rows follow one another downwards in memory, and pixels of so many bytes without a gap in a row."""
    row, *inner = array.strides
    return inner == [pixel, array.itemsize][: array.ndim - 1] and row >= array.shape[1] * pixel and row % pixel == 0
