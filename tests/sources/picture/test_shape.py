"""The shape of recordings: pixels that are not square, parts that are not shown, pictures that are turned."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from shaped_clip import (
    add_clean_aperture,
    remux,
    set_display_size,
    set_pixel_aspect,
    set_track_size,
    write_shaped,
)
from stream_servers import Answers, http

from polyplive.errors import SourceLost
from polyplive.sources.capture.address import parse_address
from polyplive.sources.device import DeviceSource
from polyplive.sources.file import FileSource
from polyplive.sources.picture.shape import PictureShape

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stream_servers import Server

    from polyplive.types import Frame, SourceInfo

SIDES = (8, 4, 16, 32)
"""What is not shown at the left, top, right and bottom."""

KINDS = {
    "PAL, 16:9": ("a.mp4", (720, 576), Fraction(64, 45), {}),
    "PAL, 4:3": ("a.mpg", (720, 576), Fraction(16, 15), {"codec": "mpeg2video"}),
    "NTSC, 16:9": ("a.mkv", (720, 480), Fraction(40, 33), {}),
    "NTSC, 4:3": ("a.mov", (720, 480), Fraction(10, 11), {}),
    "HDV": ("a.ts", (1440, 1080), Fraction(4, 3), {"options": {"preset": "ultrafast"}}),
    "DV": ("a.dv", (720, 576), Fraction(64, 45), {"codec": "dvvideo"}),
    "DV in AVI": ("a.avi", (720, 576), Fraction(16, 15), {"codec": "dvvideo"}),
    "MPEG-2 in TS": ("a.ts", (720, 576), Fraction(64, 45), {"codec": "mpeg2video"}),
    "HEVC in MP4": ("a.mp4", (96, 64), Fraction(12, 11), {"codec": "libx265"}),
    "VP9 in MP4": ("a.mp4", (96, 64), Fraction(4, 3), {"codec": "libvpx-vp9"}),
    "ProRes in MOV": ("a.mov", (96, 64), Fraction(4, 3), {"codec": "prores_ks", "pix_fmt": "yuv422p10le"}),
    "MPEG-4 in AVI": ("a.avi", (96, 64), Fraction(12, 11), {"codec": "mpeg4"}),
    "MJPEG in AVI": ("a.avi", (96, 64), Fraction(4, 3), {"codec": "mjpeg", "pix_fmt": "yuvj420p"}),
    "MJPEG in MKV": ("a.mkv", (96, 64), Fraction(2, 3), {"codec": "mjpeg", "pix_fmt": "yuvj420p"}),
    "H.264 in FLV": ("a.flv", (96, 64), Fraction(3, 2), {}),
    "raw H.264": ("a.h264", (96, 64), Fraction(16, 15), {}),
    "MPEG-2 in MXF": ("a.mxf", (720, 576), Fraction(64, 45), {"codec": "mpeg2video"}),
}


def noise(level: int) -> np.ndarray:
    """A picture that takes many bytes: some seconds of a stream go into finding out what it is."""
    return np.random.default_rng(level).integers(level - 30, level + 30, (64, 96, 3), np.uint8)


def opened(path: Path, **settings: bool) -> list[Frame]:
    """All frames of ``path``; the first has the size and the shape that were told at opening."""
    with FileSource(path, **settings) as source:
        frames = list(source)
        told = source.info.width, source.info.height, source.info.sample_aspect
    assert told == (frames[0].width, frames[0].height, frames[0].sample_aspect)
    return frames


@pytest.mark.parametrize("kind", KINDS)
def test_pixels_have_the_shape_that_the_recording_says(kind: str, tmp_path: Path) -> None:
    name, size, aspect, settings = KINDS[kind]
    codec = settings.get("codec", "libx264")
    if codec not in av.codecs_available:
        pytest.skip(f"this FFmpeg has no {codec}")
    frames = opened(write_shaped(tmp_path / name, size, aspect, **settings))
    assert {frame.sample_aspect for frame in frames} == {aspect}
    assert {(frame.width, frame.height) for frame in frames} == {size}


@pytest.mark.parametrize(
    ("codec_says", "container_says", "shown"),
    [
        (Fraction(64, 45), (1, 1), Fraction(1)),
        (Fraction(1), (16, 15), Fraction(16, 15)),
        (Fraction(16, 15), (64, 45), Fraction(64, 45)),
        (Fraction(16, 15), (0, 0), Fraction(16, 15)),
    ],
)
def test_an_mp4_files_own_word_counts_before_the_codecs(
    codec_says: Fraction, container_says: tuple[int, int], shown: Fraction, tmp_path: Path
) -> None:
    path = write_shaped(tmp_path / "a.mp4", aspect=codec_says, frames=8)
    set_pixel_aspect(path, *container_says)
    assert {frame.sample_aspect for frame in opened(path)} == {shown}


@pytest.mark.parametrize("unit", [0, 1, 2, 3])
def test_matroska_gives_the_size_of_the_screen_in_pixels_lengths_or_as_a_ratio(unit: int, tmp_path: Path) -> None:
    path = write_shaped(tmp_path / "a.mkv", (90, 72), Fraction(1))
    set_display_size(path, 160, 90, unit)
    assert {frame.sample_aspect for frame in opened(path)} == {Fraction(64, 45)}


def test_a_size_of_an_unknown_unit_says_nothing(tmp_path: Path) -> None:
    path = write_shaped(tmp_path / "a.mkv", (90, 72), Fraction(16, 15))
    set_display_size(path, 160, 90, 4)
    assert opened(path)[0].sample_aspect == Fraction(16, 15)


@pytest.mark.parametrize("aspect", [Fraction(0), Fraction(1, 20), Fraction(20), Fraction(255, 1)])
def test_what_cannot_be_meant_counts_as_square(aspect: Fraction, tmp_path: Path) -> None:
    assert opened(write_shaped(tmp_path / "a.mp4", aspect=aspect))[0].sample_aspect == 1


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
@pytest.mark.parametrize(("degrees", "shown"), [(90, Fraction(3, 4)), (180, Fraction(4, 3)), (270, Fraction(3, 4))])
def test_turned_by_a_quarter_pixels_are_turned_too(name: str, degrees: int, shown: Fraction, tmp_path: Path) -> None:
    path = write_shaped(tmp_path / name, aspect=Fraction(4, 3), rotation=degrees)
    frame = opened(path)[0]
    assert frame.sample_aspect == shown
    upright = opened(write_shaped(tmp_path / f"upright-{name}"))[0].image
    assert np.array_equal(frame.image, np.rot90(upright, degrees // 90))


def test_the_codecs_own_orientation_holds_for_frames_that_do_not_repeat_it(tmp_path: Path) -> None:
    plain = write_shaped(tmp_path / "plain.mp4", aspect=Fraction(4, 3), frames=6)
    turned = remux(plain, tmp_path / "turned.mp4", "h264_metadata=display_orientation=insert:rotate=90")
    frames = opened(turned)
    assert {(frame.width, frame.height, frame.sample_aspect) for frame in frames} == {(64, 96, Fraction(3, 4))}
    assert all(np.array_equal(a.image, np.rot90(b.image)) for a, b in zip(frames, opened(plain), strict=True))


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mov"])
@pytest.mark.parametrize(
    ("codec", "aspect"), [("libx264", Fraction(4, 3)), ("mpeg4", Fraction(1)), ("libvpx-vp9", None)]
)
def test_a_containers_rectangle_is_what_is_shown(
    suffix: str, codec: str, aspect: Fraction | None, tmp_path: Path
) -> None:
    if (suffix, codec) == ("mov", "libvpx-vp9"):
        pytest.skip("MOV has no VP9")
    whole = write_shaped(tmp_path / "whole.mp4", (160, 120), aspect, codec=codec, options={"bf": "0"})
    path = tmp_path / "cropped.mp4"
    path.write_bytes(whole.read_bytes())
    add_clean_aperture(path, (160, 120), SIDES)
    if suffix != "mp4":
        path = remux(path, tmp_path / f"cropped.{suffix}")
    for frame, uncropped in zip(opened(path), opened(whole), strict=True):
        assert np.array_equal(frame.image, uncropped.image[4:-32, 8:-16])
        assert frame.image.flags.c_contiguous
        assert frame.sample_aspect == (aspect or 1)


@pytest.mark.parametrize(
    ("name", "size", "codec", "pix_fmt"),
    [
        ("a.mov", (720, 576), "dvvideo", "yuv420p"),
        ("a.mov", (160, 120), "prores_ks", "yuv422p10le"),
        ("a.mov", (160, 120), "rawvideo", "rgb24"),
        ("a.mp4", (160, 120), "libsvtav1", "yuv420p"),
        ("a.mp4", (160, 120), "libx265", "yuv420p"),
        ("a.mp4", (160, 120), "png", "rgb24"),
    ],
)
def test_a_rectangle_is_followed_whatever_the_codec(
    name: str, size: tuple[int, int], codec: str, pix_fmt: str, tmp_path: Path
) -> None:
    if codec not in av.codecs_available:
        pytest.skip(f"this FFmpeg has no {codec}")
    path = write_shaped(tmp_path / name, size, codec=codec, pix_fmt=pix_fmt)
    whole = opened(path)[0].image
    assert whole.shape == (size[1], size[0], 3)
    add_clean_aperture(path, size, (8, 5, 15, 32))
    assert np.array_equal(opened(path)[0].image, whole[5:-32, 8:-15])


def test_a_rectangle_is_taken_before_the_picture_is_turned(tmp_path: Path) -> None:
    path = write_shaped(tmp_path / "a.mp4", (160, 120), Fraction(4, 3), rotation=90)
    whole = opened(path)[0]
    add_clean_aperture(path, (160, 120), SIDES)
    frame = opened(path)[0]
    assert np.array_equal(frame.image, np.rot90(np.rot90(whole.image, -1)[4:-32, 8:-16]))
    assert (frame.width, frame.height, frame.sample_aspect) == (84, 136, Fraction(3, 4))


def test_a_track_as_large_as_its_rectangle_has_square_pixels(tmp_path: Path) -> None:
    path = write_shaped(tmp_path / "a.mp4", (160, 120), codec="libvpx-vp9")
    add_clean_aperture(path, (160, 120), SIDES)
    set_track_size(path, 160 - 24, 120 - 36)
    frame = opened(path)[0]
    assert (frame.width, frame.height, frame.sample_aspect) == (136, 84, 1)


def test_a_track_wider_than_its_pictures_stretches_them(tmp_path: Path) -> None:
    path = write_shaped(tmp_path / "a.mp4", (90, 72), codec="libvpx-vp9")
    set_track_size(path, 128, 72)
    assert opened(path)[0].sample_aspect == Fraction(64, 45)


@pytest.mark.parametrize("left", [2, 8, 18])
@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_a_codecs_own_rectangle_is_followed_to_the_pixel(codec: str, left: int, tmp_path: Path) -> None:
    whole = write_shaped(tmp_path / "a.mp4", (160, 96), codec={"h264": "libx264", "hevc": "libx265"}[codec])
    cropped = f"{codec}_mp4toannexb,{codec}_metadata=crop_left={left}:crop_top=6:crop_right=4:crop_bottom=2"
    path = remux(whole, tmp_path / "b.ts", cropped)
    frame = opened(path)[0]
    assert (frame.width, frame.height) == (160 - left - 4, 88)
    expected = opened(whole)[0].image[6:-2, left:-4].astype(int)
    assert np.abs(frame.image[1:-1, 1:-1] - expected[1:-1, 1:-1]).max() <= 2


@pytest.mark.parametrize("deinterlace", [False, True])
@pytest.mark.parametrize(("codec", "options"), [("libx264", {"bf": "3"}), ("mpeg2video", {"bf": "2", "b": "2M"})])
def test_a_change_in_mid_file_begins_with_its_own_frame(
    codec: str, options: dict[str, str], deinterlace: bool, tmp_path: Path
) -> None:
    """The decoder knows of it earlier: B-frames of the old shape wait in it when the new shape is announced."""
    parts = [
        write_shaped(tmp_path / f"{number}.ts", (352, 288), aspect, frames=11, codec=codec, options=options)
        for number, aspect in enumerate((Fraction(16, 11), Fraction(12, 11)))
    ]
    path = tmp_path / "joined.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    expected = [Fraction(16, 11)] * 11 + [Fraction(12, 11)] * 11
    with FileSource(path, deinterlace=deinterlace) as source:
        frames = list(source)
        assert [frame.sample_aspect for frame in frames] == expected
        for number in (20, 3, 11, 10):
            source.seek(frames[number].pts_s)
            frame = source.read()
            assert (frame.index, frame.sample_aspect) == (number, expected[number])


def streamed(address: str) -> tuple[SourceInfo, list[Frame]]:
    """What a live source says of itself, and its frames until it ends."""
    source = DeviceSource(parse_address(address))
    frames = []
    try:
        while (frame := source.read()) is not None:
            frames.append(frame)
    except SourceLost:
        pass
    finally:
        source.close()
    return source.info, frames


def test_a_network_stream_says_its_own_shape_and_may_change_it(
    serve: Callable[[Server], Answers], tmp_path: Path
) -> None:
    aspects = Fraction(64, 45), Fraction(16, 15)
    parts = [
        write_shaped(
            tmp_path / f"{number}.ts", aspect=aspect, frames=80, image=noise(60 + 100 * number), options={"g": "1"}
        )
        for number, aspect in enumerate(aspects)
    ]
    server = serve(Answers(http(b"".join(part.read_bytes() for part in parts))))
    info, frames = streamed(f"http://127.0.0.1:{server.port}/")
    assert info.sample_aspect == aspects[0]
    bright = [bool(frame.image.mean() > 110) for frame in frames]
    assert [frame.sample_aspect for frame in frames] == [aspects[is_bright] for is_bright in bright]
    assert set(bright) == {False, True}


def test_a_network_streams_rectangle_is_what_is_shown(serve: Callable[[Server], Answers], tmp_path: Path) -> None:
    whole = write_shaped(tmp_path / "a.mp4", (160, 120), Fraction(4, 3), frames=80, options={"bf": "0", "g": "1"})
    add_clean_aperture(whole, (160, 120), SIDES)
    path = remux(whole, tmp_path / "a.mkv")
    server = serve(Answers(http(path.read_bytes(), kind="video/x-matroska")))
    info, frames = streamed(f"http://127.0.0.1:{server.port}/")
    assert (info.width, info.height, info.sample_aspect) == (136, 84, Fraction(4, 3))
    assert {frame.image.shape for frame in frames} == {(84, 136, 3)}


def test_a_card_has_square_pixels_whatever_its_pictures_say(tmp_path: Path) -> None:
    path = write_shaped(tmp_path / "a.avi", (96, 64), Fraction(4, 3), codec="mjpeg", pix_fmt="yuvj420p")
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        picture = next(container.decode(stream))
        assert PictureShape(stream).sample_aspect(picture, stream) == Fraction(4, 3)
        card = PictureShape(stream, square=True)
        assert (card.stated, card.sample_aspect(picture, stream)) == (1, 1)
