"""The emulated capture card, from Python: builds it, prepares its pictures, gives commands, reads its counts.

``LD_PRELOAD`` counts when a process starts, so whatever opens the card runs in a child with ``environment()``.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

PATH = "/dev/video90"
BLOCK, BITS, SUM_BITS = 8, 32, 8


_FIELDS = """width height pictures present blocked repeat flat fps slow_raw other_size short_every error_every
    denied no_signal ahead due delivered dropped opens closes streaming last_sequence granted_fps"""


class Control(ctypes.Structure):
    """The layout of ``struct control`` in card.h."""

    _fields_ = [(name, ctypes.c_uint32) for name in _FIELDS.split()]


def build_card(folder: Path) -> Path:
    """Compile the shared object into ``folder``; skips the test where that is not possible."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not sys.platform.startswith("linux") or compiler is None:
        pytest.skip("needs Linux and a C compiler")
    made = folder / "card.so"
    sources = [str(path) for path in sorted(Path(__file__).parent.glob("*.c"))]
    command = [compiler, "-O2", "-Wall", "-shared", "-fPIC", "-o", str(made), *sources, "-ldl", "-lpthread"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and "videodev2.h" in done.stderr:
        pytest.skip("needs the kernel's header linux/videodev2.h")
    assert done.returncode == 0, done.stderr
    return made


class EmulatedCard:
    """A card at ``PATH`` that cycles through ``pictures`` (uint8 [H, W, 3] BGR, all of one size, even width).

    Commands are attributes of ``control``: ``present``, ``blocked``, ``repeat``, ``flat``, ``fps`` (0: as negotiated),
    ``slow_raw`` (6 frames a second uncompressed), ``other_size`` (MJPEG: pictures twice as small),
    ``short_every``, ``error_every``, ``denied`` (no permission), ``no_signal`` (a refusal to stream), ``ahead``
    (seconds of its clock). Counts are there too; ``streaming`` set to 1 makes it busy, as if another program used it.
    """

    def __init__(self, folder: Path, library: Path, pictures: Sequence[Picture]) -> None:
        self._library = library
        self._folder = folder
        height, width = pictures[0].shape[:2]
        (folder / "raw").write_bytes(b"".join(to_yuyv(picture) for picture in pictures))
        numbered = [draw_number(picture, number) for number, picture in enumerate(pictures)]
        _pack(folder / "packed", numbered)
        _pack(folder / "packed-other", [cv2.resize(picture, (width // 2, height // 2)) for picture in pictures])
        path = folder / "control"
        path.write_bytes(bytes(ctypes.sizeof(Control)))
        self._file = path.open("r+b")
        self._map = mmap.mmap(self._file.fileno(), 0)
        self.control = Control.from_buffer(self._map)
        self.control.width, self.control.height, self.control.pictures = width, height, len(pictures)
        self.control.present = 1

    def environment(self) -> dict[str, str]:
        """For the child that opens the card."""
        files = {"CONTROL": "control", "RAW": "raw", "PACKED": "packed", "PACKED_OTHER": "packed-other"}
        named = {f"CARD_{key}": str(self._folder / name) for key, name in files.items()}
        return {**os.environ, "LD_PRELOAD": str(self._library), "CARD_PATH": PATH, **named}

    def close(self) -> None:
        """Let go of the control file."""
        del self.control
        self._map.close()
        self._file.close()


def to_yuyv(picture: Picture) -> bytes:
    """BGR to packed 4:2:2, BT.601 limited range."""
    yuv = cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_YUYV)
    return np.ascontiguousarray(yuv).tobytes()


def checksum(number: int) -> int:
    """Eight bits that go with a drawn number."""
    return (number ^ number >> 8 ^ number >> 16 ^ number >> 24 ^ 0x5A) & 0xFF


def draw_number(picture: Picture, number: int) -> Picture:
    """A copy with ``number`` as blocks at the top left, as frames.c draws it into uncompressed pictures."""
    drawn = picture.copy()
    for place in range(BITS + SUM_BITS):
        bit = number >> place & 1 if place < BITS else checksum(number) >> (place - BITS) & 1
        drawn[:BLOCK, place * BLOCK : (place + 1) * BLOCK] = 255 if bit else 0
    return drawn


def read_number(picture: Picture) -> int | None:
    """The number drawn into ``picture`` (uint8 [H, W, 3] BGR); None where its checksum is wrong."""
    bits = [int(picture[2:6, place * BLOCK + 2 : place * BLOCK + 6].mean() > 127) for place in range(BITS + SUM_BITS)]
    number = sum(bit << place for place, bit in enumerate(bits[:BITS]))
    return number if sum(bit << place for place, bit in enumerate(bits[BITS:])) == checksum(number) else None


def _pack(path: Path, pictures: Sequence[Picture]) -> None:
    """A table of offsets and sizes, then JPEGs; the last one is flat."""
    flat = np.full_like(pictures[0], 60)
    packed = [
        cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes() for picture in (*pictures, flat)
    ]
    offset = 16 * len(packed)
    table = []
    for data in packed:
        table += [offset, len(data)]
        offset += len(data)
    path.write_bytes(np.asarray(table, np.uint64).tobytes() + b"".join(packed))
