"""How the C library keeps memory of a frame's size."""

from __future__ import annotations

import contextlib
import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""``M_TRIM_THRESHOLD`` and ``M_MMAP_THRESHOLD`` of glibc's ``mallopt``."""

_LARGEST_BLOCK = 32 << 20
"""Bytes: the largest that glibc allows, above a frame of 4K (25 MB)."""
_KEPT = 128 << 20
"""Bytes at the end of the heap that are kept."""


def keep_frame_memory() -> None:
    """Let glibc keep freed memory of a frame's size for the next frame; elsewhere nothing is done. Any thread.

    By default it gives each such block back to the system, and has it back in pages of 4 KiB: 800 page faults for a
    frame of 1920x1080, which take longer than converting it. A runtime in the same process happens to change that,
    but sessions run theirs in another one.
    """
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError, AttributeError):  # another C library
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MMAP_THRESHOLD, _LARGEST_BLOCK)
        mallopt(_TRIM_THRESHOLD, _KEPT)
