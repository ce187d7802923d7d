"""Pictures with notes of a camera or a scanner in them (EXIF), which FFmpeg hands on beside the pixels."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest
from clipmaker import numbered, write_clip

from polyplive.sources.file import FileSource

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_ORIENTATION, _SHORT = 0x0112, 3


def with_orientation(path: Path, orientation: int) -> Path:
    """Put an EXIF segment behind the start of a JPEG picture (Exif 2.3, 4.5 and 4.6.4)."""
    directory = struct.pack("<HHHIHHI", 1, _ORIENTATION, _SHORT, 1, orientation, 0, 0)
    content = b"Exif\0\0" + struct.pack("<2sHI", b"II", 42, 8) + directory
    data = path.read_bytes()
    path.write_bytes(data[:2] + struct.pack(">2sH", b"\xff\xe1", 2 + len(content)) + content + data[2:])
    return path


def only_frame(path: Path) -> NDArray[np.uint8]:
    with FileSource(path) as source:
        (frame,) = source
        return frame.image


@pytest.mark.parametrize(("orientation", "quarter_turns"), [(1, 0), (3, 2), (6, -1), (8, 1)])
def test_a_photograph_with_camera_notes_is_turned_as_they_say(
    orientation: int, quarter_turns: int, tmp_path: Path
) -> None:
    jpeg = {"codec": "mjpeg", "pix_fmt": "yuvj444p", "options": {"qmin": "1", "qmax": "1"}, "container": "mjpeg"}
    path = write_clip(tmp_path / "a.jpg", [numbered(5)], **jpeg)
    plain = only_frame(path)
    assert np.array_equal(only_frame(with_orientation(path, orientation)), np.rot90(plain, quarter_turns))


def test_a_tiff_picture_is_read(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.tiff", [numbered(5)], codec="tiff", pix_fmt="rgb24", container="image2")
    assert np.array_equal(only_frame(path), numbered(5))
