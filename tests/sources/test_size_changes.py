"""A recording whose picture changes its size: each frame is given in its own."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from clipmaker import number_in, numbered, set_display_matrix
from joined_clip import join

from polyplive.sources.file import FileSource
from polyplive.sources.picture.deinterlace import Deinterlacer
from polyplive.sources.reading.frame_stream import NumberedFrame
from polyplive.sources.reading.timeline import FrameTime

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.types import Frame

SIZES = [(96, 64), (176, 96), (96, 64)]
EACH = 12
KINDS = [
    ("joined.ts", "libx264", "yuv420p"),
    ("joined.ts", "libx265", "yuv420p"),
    ("recorder.mkv", "libx264", "yuv420p"),
    ("recorder.mkv", "libvpx-vp9", "yuv420p"),
    ("recorder.mp4", "libx264", "yuv420p"),
    ("recorder.avi", "mjpeg", "yuvj420p"),
]


def changing(path: Path, codec: str = "libx264", pix_fmt: str = "yuv420p") -> Path:
    parts = [
        [numbered(EACH * part + n, width, height) for n in range(EACH)] for part, (width, height) in enumerate(SIZES)
    ]
    return join(path, parts, codec, pix_fmt)


def size_at(number: int) -> tuple[int, int, int]:
    width, height = SIZES[number // EACH]
    return height, width, 3


def read_all(source: FileSource) -> list[Frame]:
    with source:
        return list(source)


@pytest.mark.parametrize(("name", "codec", "pix_fmt"), KINDS)
def test_each_frame_comes_in_its_own_size(name: str, codec: str, pix_fmt: str, tmp_path: Path) -> None:
    source = FileSource(changing(tmp_path / name, codec, pix_fmt))
    assert (source.info.width, source.info.height) == SIZES[0]
    frames = read_all(source)
    assert [number_in(frame.image) for frame in frames] == list(range(3 * EACH))
    assert [frame.image.shape for frame in frames] == [size_at(number) for number in range(3 * EACH)]
    assert source.dropped == {}
    times = [frame.pts_s for frame in frames]
    assert times == pytest.approx([number / 25 for number in range(3 * EACH)], abs=0.002)


@pytest.mark.parametrize("deinterlace", [False, True])
@pytest.mark.parametrize("name", ["joined.ts", "recorder.mkv"])
def test_seeks_over_the_change_give_the_same_frames(name: str, deinterlace: bool, tmp_path: Path) -> None:
    path = changing(tmp_path / name)
    played = read_all(FileSource(path, deinterlace=deinterlace))
    assert [frame.image.shape for frame in played] == [size_at(number) for number in range(3 * EACH)]
    with FileSource(path, deinterlace=deinterlace) as source:
        for number in (13, 11, 12, 35, 0, 23, 24, 12, 10):
            source.seek(played[number].pts_s)
            for wanted in played[number : number + 3]:
                frame = source.read()
                assert frame.index == wanted.index
                assert np.array_equal(frame.image, wanted.image)


def test_a_turned_recording_is_turned_in_every_size(tmp_path: Path) -> None:
    path = changing(tmp_path / "turned.mp4")
    upright = read_all(FileSource(path))
    set_display_matrix(path, (0, 1, -1, 0))
    for turned, frame in zip(read_all(FileSource(path)), upright, strict=True):
        assert np.array_equal(turned.image, np.rot90(frame.image, -1))


def test_a_later_picture_of_an_absurd_size_costs_only_itself(tmp_path: Path) -> None:
    plain, absurd = np.full((64, 96, 3), 90, np.uint8), np.full((16, 20_000, 3), 90, np.uint8)
    path = join(tmp_path / "absurd.mkv", [[plain] * 3, [absurd], [plain] * 3], "mjpeg", "yuvj420p")
    with FileSource(path) as source:
        assert [frame.index for frame in source] == [0, 1, 2, 4, 5, 6]
        assert source.dropped == {"damaged": 1}


def test_what_a_decoder_loses_at_the_change_is_counted(tmp_path: Path) -> None:
    """FFmpeg's MPEG-2 decoder drops the picture that it holds back when the size changes."""
    source = FileSource(changing(tmp_path / "joined.ts", "mpeg2video"))
    frames = read_all(source)
    assert all(frame.image.shape == size_at(number_in(frame.image)) for frame in frames)
    assert len(frames) + sum(source.dropped.values()) == 3 * EACH
    assert len(frames) >= 3 * EACH - 2


def test_pictures_too_small_for_the_deinterlacer_come_behind_those_before_them() -> None:
    deinterlacer, given = Deinterlacer(Fraction(1, 25)), []
    for number, side in enumerate((16, 16, 2, 2, 16, 16)):
        picture = av.VideoFrame.from_ndarray(np.full((side, side, 3), 40 * number, np.uint8), format="rgb24")
        picture = picture.reformat(format="yuv444p")
        picture.pts = number
        given += deinterlacer.push(NumberedFrame(picture, number, FrameTime(number / 25, 0.0, is_repaired=False), 0))
    given += deinterlacer.flush()
    assert [(found.number, found.picture.width) for found in given] == list(enumerate((16, 16, 2, 2, 16, 16)))
