"""3D recordings that hold both eyes: how they are known, which half is shown, in which shape."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from clipmaker import set_display_matrix, write_clip
from shaped_clip import add_clean_aperture, columns, write_shaped
from stereo_clip import LEVELS, two_eyes, write_h264, write_hevc, write_mkv, write_mp4, write_mpeg2
from stream_servers import Answers, http

from polyplive.errors import ConfigError
from polyplive.sessions.opening import open_video
from polyplive.sources.capture.address import parse_address
from polyplive.sources.capture.options import CaptureRequest
from polyplive.sources.device import DeviceSource
from polyplive.sources.file import FileSource
from polyplive.sources.picture.shape import PictureShape
from polyplive.sources.picture.stereo import Eye, Half

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stream_servers import Server

    from polyplive.types import Image, StereoOption

FLAGGED = {
    "Matroska, left first": (lambda folder: write_mkv(folder / "a.mkv", "left_right"), Half.LEFT),
    "Matroska, right first": (lambda folder: write_mkv(folder / "a.mkv", "right_left"), Half.RIGHT),
    "Matroska, left above": (lambda folder: write_mkv(folder / "a.mkv", "top_bottom"), Half.TOP),
    "Matroska, left below": (lambda folder: write_mkv(folder / "a.mkv", "bottom_top"), Half.BOTTOM),
    "WebM": (lambda folder: write_mkv(folder / "a.webm", "left_right", codec="libvpx"), Half.LEFT),
    "H.264 in MP4": (lambda folder: write_h264(folder / "a.mp4", 3), Half.LEFT),
    "H.264 in a transport stream": (lambda folder: write_h264(folder / "a.ts", 4), Half.TOP),
    "HEVC": (lambda folder: write_hevc(folder / "a.hevc", 3), Half.LEFT),
    "HEVC, above": (lambda folder: write_hevc(folder / "a.hevc", 4), Half.TOP),
    "MP4, side by side": (lambda folder: write_mp4(folder / "a.mp4", 2), Half.LEFT),
    "MP4, above": (lambda folder: write_mp4(folder / "a.mp4", 1), Half.TOP),
    "MPEG-2": (lambda folder: write_mpeg2(folder / "a.m2v", 3), Half.LEFT),
    "MPEG-2, above": (lambda folder: write_mpeg2(folder / "a.m2v", 4), Half.TOP),
}


def images(path: Path, stereo: StereoOption | None = None, *, deinterlace: bool = False) -> list[Image]:
    with FileSource(path, stereo=stereo, deinterlace=deinterlace) as source:
        return [frame.image for frame in source]


@pytest.mark.parametrize("kind", FLAGGED)
def test_a_flag_shows_the_left_eye_and_one_line_says_so(kind: str, tmp_path: Path) -> None:
    write, half = FLAGGED[kind]
    path = write(tmp_path)
    with FileSource(path) as source:
        size = (64, 64) if half.is_beside else (128, 32)
        assert (source.info.width, source.info.height) == size
        assert source.info.stereo == half.value
        (notice,) = source.info.notices
        assert "is flagged as 3D, both eyes" in notice
        assert f"the left eye ({half.value} half) is shown; --stereo {half.other.value} for the other" in notice
        frames = list(source)
    assert len(frames) == 12
    level = LEVELS[half.value]
    for frame in frames:
        assert frame.image.shape == (size[1], size[0], 3)
        assert np.abs(frame.image.astype(int) - level).max() <= 8
        assert frame.sample_aspect == source.info.sample_aspect


@pytest.mark.parametrize("stereo", ["left", "right", "top", "bottom"])
@pytest.mark.parametrize("name", ["flagged.mkv", "plain.mp4"])
def test_the_user_chooses_a_half_with_or_without_a_flag(stereo: StereoOption, name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if name == "plain.mp4":
        write_shaped(path, (128, 64), frames=4)
    else:
        write_mkv(path, "right_left")
    whole = images(path, "whole")
    half = images(path, stereo)
    at = {"left": np.s_[:, :64], "right": np.s_[:, 64:], "top": np.s_[:32], "bottom": np.s_[32:]}[stereo]
    assert [np.array_equal(one, other[at]) for one, other in zip(half, whole, strict=True)] == [True] * len(whole)
    assert half[0].flags.c_contiguous
    with FileSource(path, stereo=stereo) as source:
        assert source.info.notices == ()
        assert source.info.stereo == stereo


def test_both_eyes_can_be_seen(tmp_path: Path) -> None:
    with FileSource(write_mkv(tmp_path / "a.mkv", "left_right"), stereo="whole") as source:
        assert (source.info.width, source.info.stereo, source.info.notices) == (128, None, ())


def test_a_picture_without_a_flag_is_whole(tmp_path: Path) -> None:
    for path in (write_shaped(tmp_path / "a.mp4", (128, 64)), write_mkv(tmp_path / "a.mkv", "mono")):
        with FileSource(path) as source:
            assert (source.info.width, source.info.stereo, source.info.notices) == (128, None, ())


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (5, "in turn, frame by frame"),
        (0, "as a checkerboard"),
        (1, "column by column"),
        (2, "line by line"),
        ("row_interleaved_lr", "line by line"),
        ("block_rl", "in turn, frame by frame"),
        ("anaglyph_cyan_red", "coloured glasses"),
    ],
)
def test_other_kinds_of_3d_are_shown_whole_and_said(kind: int | str, said: str, tmp_path: Path) -> None:
    path = write_h264(tmp_path / "a.mp4", kind) if isinstance(kind, int) else write_mkv(tmp_path / "a.mkv", kind)
    with FileSource(path) as source:
        assert (source.info.width, source.info.height, source.info.stereo) == (128, 64, None)
        (notice,) = source.info.notices
        assert said in notice
        assert "it is shown as it is" in notice


@pytest.mark.parametrize(
    ("half", "size", "whole", "eye"),
    [
        (Half.LEFT, (1920, 1080), 1, 2),
        (Half.RIGHT, (3840, 1080), 1, 1),
        (Half.LEFT, (1280, 1024), 1, 2),
        (Half.LEFT, (720, 576), Fraction(64, 45), Fraction(128, 45)),
        (Half.LEFT, (1920, 1080), 2, 2),
        (Half.LEFT, (2160, 1080), 1, 1),
        (Half.TOP, (1920, 1080), 1, Fraction(1, 2)),
        (Half.BOTTOM, (1920, 2160), 1, 1),
        (Half.TOP, (1080, 1080), 1, Fraction(1, 2)),
        (Half.TOP, (1280, 1024), 1, Fraction(1, 2)),
        (None, (1920, 1080), Fraction(4, 3), Fraction(4, 3)),
    ],
)
def test_squeezed_eyes_are_shown_in_their_own_shape(
    half: Half | None, size: tuple[int, int], whole: Fraction | int, eye: Fraction | int
) -> None:
    assert Eye(half, half).sample_aspect(Fraction(whole), *size) == eye


def test_the_shape_of_an_eye_is_told_with_source_and_frames(tmp_path: Path) -> None:
    path = write_shaped(tmp_path / "a.mp4", (96, 64), Fraction(4, 3), image=two_eyes(96, 64))
    for stereo, aspect in (("left", Fraction(4, 3)), ("top", Fraction(2, 3)), ("whole", Fraction(4, 3))):
        with FileSource(path, stereo=stereo) as source:
            frame = source.read()
            assert frame is not None
            assert source.info.sample_aspect == frame.sample_aspect == aspect


@pytest.mark.parametrize("deinterlace", [False, True])
def test_seeks_and_damage_keep_the_eye(deinterlace: bool, tmp_path: Path) -> None:
    path = write_mkv(tmp_path / "a.mkv", "left_right")
    wanted = images(path, "right", deinterlace=deinterlace)
    with FileSource(path, stereo="right", deinterlace=deinterlace) as source:
        for number in (7, 2, 11, 0, 5):
            source.seek(number / 25)
            frame = source.read()
            assert frame is not None
            assert frame.index == number
            assert np.array_equal(frame.image, wanted[number])
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        broken = [packet for packet in container.demux(video=0) if packet.size][6]
        at = data.index(bytes(broken)[-12:])
    data[at : at + 12] = bytes(12)
    path.write_bytes(data)
    for image in images(path):
        assert np.abs(image.astype(int) - LEVELS["left"]).max() <= 12


@pytest.mark.parametrize(
    ("display", "stereo"), [((-1, 0, 0, -1), "right"), ((0, 1, -1, 0), "top"), ((0, -1, 1, 0), "bottom")]
)
def test_halves_are_those_of_the_picture_as_it_is_shown(
    display: tuple[int, int, int, int], stereo: StereoOption, tmp_path: Path
) -> None:
    """A camera on its head: what is flagged is the coded picture, what the user names is what is seen."""
    path = write_h264(tmp_path / "a.mp4", 3)
    set_display_matrix(path, display)
    with FileSource(path) as source:
        assert source.info.stereo == stereo
        assert f"({stereo} half)" in source.info.notices[0]
    assert np.array_equal(images(path)[0], images(path, stereo)[0])
    whole = images(path, "whole")[0]
    height, width = whole.shape[:2]
    at = {"right": np.s_[:, width // 2 :], "top": np.s_[: height // 2], "bottom": np.s_[height // 2 :]}[stereo]
    assert np.array_equal(images(path)[0], whole[at])
    assert images(path)[0].mean() == pytest.approx(LEVELS["left"], abs=3)


def test_halves_are_those_of_what_the_container_shows(tmp_path: Path) -> None:
    path = write_shaped(tmp_path / "a.mp4", (160, 120), image=columns(160, 120))
    add_clean_aperture(path, (160, 120), (8, 12, 24, 4))
    whole = images(path)[0]
    assert whole.shape == (104, 128, 3)
    for stereo, at in (("left", np.s_[:, :64]), ("right", np.s_[:, 64:]), ("bottom", np.s_[52:])):
        assert np.array_equal(images(path, stereo)[0], whole[at])


@pytest.mark.parametrize(
    ("codec", "name", "pix_fmt"),
    [
        ("rawvideo", "a.avi", "bgr24"),
        ("ffv1", "a.mkv", "bgr0"),
        ("ffv1", "a.mkv", "gray"),
        ("ffv1", "a.mkv", "gray10le"),
        ("ffv1", "a.mkv", "yuv420p10le"),
        ("ffv1", "a.mkv", "yuv411p"),
        ("ffv1", "a.mkv", "yuva420p"),
        ("rawvideo", "a.avi", "yuyv422"),
        ("mjpeg", "a.avi", "yuvj422p"),
    ],
)
def test_every_layout_of_pixels_can_be_halved(codec: str, name: str, pix_fmt: str, tmp_path: Path) -> None:
    path = write_clip(tmp_path / name, [two_eyes(128, 64)] * 2, codec=codec, pix_fmt=pix_fmt)
    for stereo in ("left", "right"):
        found = images(path, stereo)
        assert [image.shape for image in found] == [(64, 64, 3)] * 2
        assert np.abs(found[0].astype(int) - LEVELS[stereo]).max() <= 8


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (6, 10), (97, 65), (101, 33), (98, 66)])
@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv444p"])
def test_odd_sizes(size: tuple[int, int], pix_fmt: str, tmp_path: Path) -> None:
    width, height = size
    path = write_clip(tmp_path / "a.mkv", [columns(width, height)] * 2, codec="ffv1", pix_fmt=pix_fmt)
    whole = images(path)[0]
    for stereo in ("left", "right", "top", "bottom"):
        image = images(path, stereo)[0]
        half = [whole.shape[0], whole.shape[1]]
        axis = 1 if stereo in ("left", "right") else 0
        half[axis] = half[axis] // 4 * 2 or half[axis]
        assert list(image.shape[:2]) == half
        if image.shape != whole.shape:
            begin = 0 if stereo in ("left", "top") else (whole.shape[axis] - half[axis]) // 2 * 2
            assert np.array_equal(image, np.take(whole, range(begin, begin + half[axis]), axis))


def test_an_eye_has_the_colours_of_the_whole_picture(tmp_path: Path) -> None:
    """Where no matrix is stated, the lines of the whole picture tell which it is."""
    path = write_clip(tmp_path / "a.mp4", [np.full((720, 64, 3), (40, 60, 200), np.uint8)], options={"qp": "2"})
    assert np.array_equal(images(path, "top")[0], images(path)[0][:360])


def test_an_eye_is_cut_without_a_copy(tmp_path: Path) -> None:
    with av.open(str(write_mkv(tmp_path / "a.mkv", "left_right"))) as container:
        stream = container.streams.video[0]
        shape = PictureShape(stream, stereo="right")
        for picture in container.decode(stream):
            part = shape.part(picture)
            assert (part.width, part.height) == (64, 64)
            planes = zip(part.planes, picture.planes, strict=True)
            assert [eye.buffer_ptr - whole.buffer_ptr for eye, whole in planes] == [64, 32, 32]
        whole = PictureShape(stream, stereo="whole")
        assert whole.part(picture) is picture


def test_another_word_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must be one of: left, right, top, bottom, whole"):
        open_video(write_mkv(tmp_path / "a.mkv", "left_right"), stereo="middle")  # type: ignore[arg-type]


def test_a_network_stream_tells_it_with_its_first_frame(tmp_path: Path, serve: Callable[[Server], Server]) -> None:
    server = serve(Answers(http(write_h264(tmp_path / "a.ts", 3, frames=60).read_bytes())))
    source = DeviceSource(parse_address(f"http://127.0.0.1:{server.port}/"))
    try:
        frame = source.read()
        assert frame is not None
        assert frame.image.shape == (64, 64, 3)
        assert (source.info.width, source.info.height, source.info.stereo) == (64, 64, "left")
        assert "the left eye (left half) is shown" in source.info.notices[0]
        assert source.info.sample_aspect == frame.sample_aspect
    finally:
        source.close()


def test_half_of_a_network_stream_is_known_from_the_start(tmp_path: Path, serve: Callable[[Server], Server]) -> None:
    server = serve(Answers(http(write_h264(tmp_path / "a.ts", 3, frames=60).read_bytes())))
    source = DeviceSource(parse_address(f"http://127.0.0.1:{server.port}/"), CaptureRequest(stereo="right"))
    try:
        assert (source.info.width, source.info.height, source.info.stereo) == (64, 64, "right")
        assert source.info.notices == ()
        frame = source.read()
        assert frame is not None
        assert frame.image.mean() == pytest.approx(LEVELS["right"], abs=3)
    finally:
        source.close()
