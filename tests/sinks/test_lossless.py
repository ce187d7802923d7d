"""A lossless recording gives back every sample as it came, and says that it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from sink_rig import session

from polyplive import FileSource
from polyplive.pixels.lossless import is_lossless
from polyplive.pixels.picture import BgrPicture, YuvPicture
from polyplive.pixels.yuv import YuvSamples
from polyplive.sinks.base import FrameRecord
from polyplive.sinks.h264 import lossless
from polyplive.sinks.segments import SegmentSettings, SegmentWriter
from polyplive.types import Frame, StageTimes

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.pixels.picture import Picture


def noise(width: int, height: int, across: int, down: int, bits: int = 8, **more: object) -> YuvSamples:
    rng = np.random.default_rng(7)
    kind = np.uint8 if bits == 8 else np.uint16
    chroma = -(-height // down), -(-width // across)
    planes = [rng.integers(0, 2**bits, shape, dtype=kind) for shape in ((height, width), chroma, chroma)]
    return YuvSamples(*planes, **{"matrix": 1, "bits": bits, **more})  # type: ignore[arg-type]


def recorded(path: Path, picture: Picture) -> tuple[list[Frame], bool]:
    """Three frames of it, read back, and whether the file says that it is without loss."""
    sink = SegmentWriter(path, SegmentSettings(free_mib=0), composed=False, encoder_for=lossless)
    sink.open(session(picture.width, picture.height))
    for index in range(3):
        sink.write(FrameRecord(Frame(picture, index, index / 25), None, None, StageTimes()))
    sink.close()
    with FileSource(path) as source:
        return list(source), is_lossless(source.description)


@pytest.mark.parametrize("name", ["raw.mp4", "raw.mkv"])
@pytest.mark.parametrize(
    "given",
    [
        noise(64, 48, 2, 2),
        noise(64, 48, 2, 1, matrix=6, is_full=True, is_centred=True),
        noise(64, 48, 1, 1, matrix=6),
        noise(64, 48, 2, 1, bits=10),
    ],
    ids=["4:2:0", "4:2:2 of MJPEG", "4:4:4", "4:2:2 of ten bits"],
)
def test_samples_come_back_as_they_were(tmp_path: Path, given: YuvSamples, name: str) -> None:
    picture = YuvPicture(given) if given.bits == 8 else YuvPicture(given, lambda: np.zeros((48, 64, 3), np.uint8))
    frames, is_said = recorded(tmp_path / name, picture)
    assert is_said
    assert len(frames) == 3
    for frame in frames:
        back = frame.yuv
        assert back is not None
        for plane, before in zip(back.planes, given.planes, strict=True):
            np.testing.assert_array_equal(plane, before)
        assert (back.matrix, back.is_full, back.bits) == (given.matrix, given.is_full, given.bits)
        assert back.beside == given.beside
        if given.bits == 8:
            part = slice(5, 40), slice(3, 60)
            np.testing.assert_array_equal(frame.picture.part_at(*part, 20, 30), picture.part_at(*part, 20, 30))


def test_rgb_comes_back_as_it_was_and_odd_sides_only_grow(tmp_path: Path) -> None:
    image = np.random.default_rng(3).integers(0, 256, (49, 63, 3), dtype=np.uint8)
    frames, is_said = recorded(tmp_path / "raw.mp4", BgrPicture(image))
    assert is_said
    np.testing.assert_array_equal(frames[0].image[:49, :63], image)
    assert frames[0].shape == (50, 64, 3)


def test_what_h264_cannot_hold_is_not_said_to_be_without_loss(tmp_path: Path) -> None:
    given = noise(64, 48, 2, 1, bits=12)
    frames, is_said = recorded(tmp_path / "raw.mp4", YuvPicture(given, lambda: np.zeros((48, 64, 3), np.uint8)))
    assert not is_said
    assert frames[0].yuv is not None
    assert frames[0].yuv.bits == 8
