"""Memory that a session shares with its engine's process: pictures, and the maps computed from them."""

from __future__ import annotations

import mmap
import os
import sys
import tempfile
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polyplive.backends.base import EngineSpec

_FLOAT_SIZE = 4
_ALIGNED = 64
"""Bytes: the alignment that vector instructions need to be fastest."""


def anonymous_file() -> int:
    """The descriptor of a nameless file in memory, of size 0.

    A nameless file cannot be left behind: the system removes it when the last process that holds it ends.
    ``multiprocessing.shared_memory`` uses names, and a third process that tracks them.
    """
    if hasattr(os, "memfd_create"):
        try:
            return os.memfd_create("polyplive-engine")
        except OSError:
            pass  # a sandbox that forbids it
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


class FrameMemory:
    """The shared memory of one engine, seen from one process; ``handle`` is a descriptor, on Windows a name.

    It has one place for each of ``count`` requests. ``pictures`` is uint8 [count, H, W, 3] RGB, ``probabilities``
    float32 [count, H, W], ``cams`` float32 [count, h, w]. Neither these arrays nor views of them may be used after
    ``close``.
    """

    pictures: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    cams: NDArray[np.float32]

    def __init__(self, handle: int | str, spec: EngineSpec, count: int) -> None:
        """Both sides compute the same layout from the engine's ``spec``; the first one sets the file's size."""
        sizes = (
            count * spec.height * spec.width * 3,
            count * spec.height * spec.width * _FLOAT_SIZE,
            count * spec.cam_height * spec.cam_width * _FLOAT_SIZE,
        )
        starts = [0]
        for size in sizes:
            starts.append(-(-(starts[-1] + size) // _ALIGNED) * _ALIGNED)
        self._map = _mapped(handle, starts[-1])
        pictures = np.frombuffer(self._map, np.uint8, sizes[0], starts[0])
        probabilities = np.frombuffer(self._map, np.float32, sizes[1] // _FLOAT_SIZE, starts[1])
        cams = np.frombuffer(self._map, np.float32, sizes[2] // _FLOAT_SIZE, starts[2])
        self.pictures = pictures.reshape(count, spec.height, spec.width, 3)
        self.probabilities = probabilities.reshape(count, spec.height, spec.width)
        self.cams = cams.reshape(count, spec.cam_height, spec.cam_width)

    def close(self) -> None:
        """Unmap the memory, after dropping the arrays: a mapping cannot be closed while arrays use it."""
        del self.pictures, self.probabilities, self.cams
        self._map.close()


def _mapped(handle: int | str, size: int) -> mmap.mmap:
    if sys.platform == "win32":
        return mmap.mmap(-1, size, tagname=str(handle))
    descriptor = int(handle)
    if os.fstat(descriptor).st_size < size:
        os.ftruncate(descriptor, size)
    return mmap.mmap(descriptor, size)
