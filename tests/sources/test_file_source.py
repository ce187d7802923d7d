from __future__ import annotations

import random
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import clipmaker
import numpy as np
import pytest
from clipmaker import number_in, numbered, set_display_matrix, write_clip

from polyplive.errors import SourceError, SourceNotFound, SourceUnreadable
from polyplive.sources import file as file_module
from polyplive.sources.file import FileSource

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.types import Frame

FRAMES = 60
B_FRAMES = {"bf": "3", "g": "12"}

KINDS = {
    "mp4 with B-frames": ("a.mp4", {"options": B_FRAMES}),
    "mp4, open groups": ("a.mp4", {"options": {**B_FRAMES, "x264-params": "open-gop=1:b-adapt=0:b-pyramid=normal"}}),
    "mp4, one key frame": ("a.mp4", {"options": {"bf": "2", "g": "1000"}}),
    "mkv with B-frames": ("a.mkv", {"options": B_FRAMES}),
    "mkv, open groups": ("a.mkv", {"options": {**B_FRAMES, "x264-params": "open-gop=1:b-adapt=0"}}),
    "fragmented mp4": ("a.mp4", {"options": B_FRAMES, "container_options": {"movflags": "frag_keyframe+empty_moov"}}),
    "transport stream": ("a.ts", {"options": B_FRAMES}),
    "transport stream, open groups": ("a.ts", {"options": {**B_FRAMES, "x264-params": "open-gop=1:b-adapt=0"}}),
    "mpeg-2 program stream": ("a.mpg", {"codec": "mpeg2video", "options": {"bf": "2", "g": "12", "b": "2M"}}),
    "avi, mpeg-4": ("a.avi", {"codec": "mpeg4", "options": {"g": "12", "b": "2M"}}),
    "avi, motion jpeg": ("a.avi", {"codec": "mjpeg", "pix_fmt": "yuvj420p"}),
    "avi, H.264 with B-frames": ("a.avi", {"options": B_FRAMES}),
    "webm, vp9": ("a.webm", {"codec": "libvpx-vp9", "options": {"g": "12", "deadline": "realtime", "cpu-used": "8"}}),
    "webm, vp8 with hidden frames": (
        "a.webm",
        {"codec": "libvpx", "options": {"g": "20", "auto-alt-ref": "1", "lag-in-frames": "10", "b": "1M"}},
    ),
    "raw H.264": ("a.h264", {"options": B_FRAMES}),
    "raw motion jpeg": ("a.mjpeg", {"codec": "mjpeg", "pix_fmt": "yuvj420p"}),
    "avi, mpeg-4 with B-frames": ("a.avi", {"codec": "mpeg4", "options": {"g": "12", "bf": "2", "b": "2M"}}),
    "transport stream, interlaced": ("a.ts", {"options": {**B_FRAMES, "x264-params": "tff=1"}}),
    "transport stream, mpeg-2": ("a.ts", {"codec": "mpeg2video", "options": {"bf": "2", "g": "12", "b": "2M"}}),
    "mp4, HEVC with open groups": (
        "a.mp4",
        {
            "codec": "libx265",
            "options": {"preset": "ultrafast", "x265-params": "open-gop=1:keyint=12:bframes=3:log-level=0"},
        },
    ),
    "mp4, AV1": ("a.mp4", {"codec": "libsvtav1", "options": {"preset": "12", "g": "12", "svtav1-params": "lp=1"}}),
    "lossless": ("a.mkv", {"codec": "ffv1"}),
}


@pytest.fixture(params=list(KINDS))
def clip(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    name, settings = KINDS[request.param]
    codec = settings.get("codec", "libx264")
    if codec not in av.codecs_available:
        pytest.skip(f"this FFmpeg has no {codec}")
    return write_clip(tmp_path / name, FRAMES, **settings)


def read_all(source: FileSource) -> list[Frame]:
    frames = []
    while (frame := source.read()) is not None:
        frames.append(frame)
    return frames


def opened(path: Path, **settings: bool) -> list[Frame]:
    source = FileSource(path, **settings)
    try:
        return read_all(source)
    finally:
        source.close()


def test_every_frame_comes_in_order_with_its_number_and_time(clip: Path) -> None:
    source = FileSource(clip)
    frames = read_all(source)
    assert [number_in(frame.image) for frame in frames] == list(range(FRAMES))
    assert [frame.index for frame in frames] == list(range(FRAMES))
    assert [frame.pts_s for frame in frames] == pytest.approx([n / 25 for n in range(FRAMES)], abs=0.002)
    assert source.dropped == {}
    assert source.concealed == 0
    assert source.info.frames == FRAMES
    assert source.info.fps == pytest.approx(25, rel=0.02)
    assert source.info.duration_s == pytest.approx(FRAMES / 25, rel=0.02)
    assert (source.info.width, source.info.height) == (clipmaker.WIDTH, clipmaker.HEIGHT)
    assert source.read() is None
    source.close()


def test_seeks_are_exact(clip: Path) -> None:
    frames = opened(clip)
    source = FileSource(clip)
    chance = random.Random(5)
    for _ in range(25):
        wanted = chance.randrange(FRAMES)
        time_s = frames[wanted].pts_s + chance.choice((0.0, 0.013))
        source.seek(time_s)
        for number in range(wanted, min(wanted + chance.randrange(1, 4), FRAMES)):
            frame = source.read()
            assert frame is not None
            assert (number_in(frame.image), frame.index, frame.pts_s) == (number, number, frames[number].pts_s)
            assert np.array_equal(frame.image, frames[number].image)
    assert source.dropped == {}
    source.close()


def test_seeks_are_clamped_and_revive_an_ended_source(clip: Path) -> None:
    source = FileSource(clip)
    read_all(source)
    source.seek(-5.0)
    assert number_in(source.read().image) == 0
    source.seek(1e6)
    assert number_in(source.read().image) == FRAMES - 1
    assert source.read() is None
    source.seek(0.0)
    assert [number_in(frame.image) for frame in read_all(source)] == list(range(FRAMES))
    source.close()


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi"])
def test_a_large_file_is_listed_only_when_needed(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_clip(tmp_path / name, FRAMES, options=B_FRAMES)
    listed = opened(path)
    monkeypatch.setattr(file_module, "SCAN_AT_OPEN_BYTES", 0)
    source = FileSource(path)
    frames = [source.read() for _ in range(20)]
    assert [frame.index for frame in frames] == list(range(20))
    source.seek(listed[41].pts_s)
    assert [number_in(frame.image) for frame in read_all(source)] == list(range(41, FRAMES))
    source.close()
    unsought = opened(path)
    assert [frame.index for frame in unsought] == list(range(FRAMES))
    assert [frame.pts_s for frame in unsought] == pytest.approx([frame.pts_s for frame in listed], abs=0.1)


def test_variable_frame_rate(tmp_path: Path) -> None:
    times = np.cumsum([0, *random.Random(3).choices([7, 20, 33, 40, 180], k=FRAMES - 1)]).tolist()
    path = write_clip(tmp_path / "v.mkv", FRAMES, times=times, time_base=Fraction(1, 1000), options=B_FRAMES)
    frames = opened(path)
    assert [frame.pts_s for frame in frames] == pytest.approx([time / 1000 for time in times], abs=1e-6)
    source = FileSource(path)
    assert source.info.fps == pytest.approx((FRAMES - 1) / (times[-1] / 1000), rel=0.02)
    for time_ms in range(0, times[-1] + 50, 37):
        source.seek(time_ms / 1000)
        shown = max(n for n, start in enumerate(times) if start <= time_ms)
        assert number_in(source.read().image) == shown
    source.close()


@pytest.mark.parametrize(
    ("display", "turned"),
    [
        ((1, 0, 0, 1), lambda image: image),
        ((0, 1, -1, 0), lambda image: np.rot90(image, -1)),
        ((-1, 0, 0, -1), lambda image: np.rot90(image, 2)),
        ((0, -1, 1, 0), np.rot90),
        ((-1, 0, 0, 1), np.fliplr),
        ((1, 0, 0, -1), np.flipud),
        ((0, 1, 1, 0), lambda image: image.transpose(1, 0, 2)),
    ],
)
def test_the_display_matrix_is_followed(display: tuple[int, int, int, int], turned: object, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", 3)
    plain = opened(path)
    set_display_matrix(path, display)
    source = FileSource(path)
    frame = source.read()
    assert np.array_equal(frame.image, turned(plain[0].image))
    assert frame.image.flags.c_contiguous
    assert (source.info.height, source.info.width) == frame.image.shape[:2]
    source.close()


@pytest.mark.parametrize(
    ("codec", "pix_fmt", "name"),
    [
        ("libx264", "yuv420p10le", "a.mp4"),
        ("libx264", "yuv422p", "a.mp4"),
        ("libx264", "yuv444p", "a.mp4"),
        ("libx264", "gray", "a.mp4"),
        ("ffv1", "gray", "a.mkv"),
        ("ffv1", "gray10le", "a.mkv"),
        ("ffv1", "yuv420p", "a.mkv"),
        ("ffv1", "bgr0", "a.mkv"),
        ("rawvideo", "bgr24", "a.avi"),
    ],
)
def test_pixel_formats(codec: str, pix_fmt: str, name: str, tmp_path: Path) -> None:
    image = np.full((64, 96, 3), (40, 90, 200), np.uint8)
    path = write_clip(tmp_path / name, [image] * 3, codec=codec, pix_fmt=pix_fmt, options={"qp": "2"})
    frames = opened(path)
    assert len(frames) == 3
    assert frames[0].image.dtype == np.uint8
    grey = 0.114 * 40 + 0.587 * 90 + 0.299 * 200
    expected = (grey, grey, grey) if "gray" in pix_fmt else (40, 90, 200)
    assert frames[0].image.reshape(-1, 3).mean(axis=0) == pytest.approx(expected, abs=4)


@pytest.mark.parametrize("limited", [True, False])
@pytest.mark.parametrize("matrix", [1, 5])
@pytest.mark.parametrize("codec", ["libx264", "libvpx-vp9"])
def test_colours_follow_the_stated_matrix_and_range(codec: str, matrix: int, limited: bool, tmp_path: Path) -> None:
    image = np.full((64, 96, 3), (40, 60, 200), np.uint8)
    path = write_clip(
        tmp_path / "a.mkv", [image] * 2, codec=codec, colour=(matrix, 1 if limited else 2), options={"crf": "4"}
    )
    assert opened(path)[0].image[32, 48].astype(int) == pytest.approx([40, 60, 200], abs=5)


@pytest.mark.parametrize(("height", "matrix"), [(480, 5), (720, 1)])
def test_without_a_stated_matrix_the_height_decides(height: int, matrix: int, tmp_path: Path) -> None:
    image = np.full((height, 96, 3), (40, 60, 200), np.uint8)
    picture = av.VideoFrame.from_ndarray(image, format="bgr24").reformat(format="yuv420p", dst_colorspace=matrix)
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25, options={"qp": "2"})
        stream.width, stream.height, stream.pix_fmt = 96, height, "yuv420p"
        output.mux(stream.encode(picture))
        output.mux(stream.encode())
    assert opened(path)[0].image[32, 48].astype(int) == pytest.approx([40, 60, 200], abs=5)


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (97, 65), (101, 33), (4096, 2160)])
def test_sizes(size: tuple[int, int], tmp_path: Path) -> None:
    width, height = size
    images = [np.full((height, width, 3), level, np.uint8) for level in (60, 120, 180)]
    frames = opened(write_clip(tmp_path / "a.mkv", images, codec="ffv1", pix_fmt="yuv444p"))
    assert [frame.image.shape for frame in frames] == [(height, width, 3)] * 3
    assert [int(frame.image.mean()) for frame in frames] == pytest.approx([60, 120, 180], abs=3)


def test_odd_sizes_keep_their_last_row_and_column(tmp_path: Path) -> None:
    image = np.full((65, 97, 3), 60, np.uint8)
    image[-1], image[:, -1] = 220, 220
    got = opened(write_clip(tmp_path / "a.mkv", [image], codec="libx264", pix_fmt="yuv444p", options={"qp": "2"}))
    assert got[0].image.shape == (65, 97, 3)
    assert int(got[0].image[-1].mean()) > 200
    assert int(got[0].image[:, -1].mean()) > 200


def woven(number: int) -> np.ndarray:
    """An interlaced picture: a bar stands elsewhere in the lower field."""
    image = np.full((64, 96, 3), 50, np.uint8)
    left = 8 * number % 64
    image[0::2, left : left + 20] = 220
    image[1::2, left + 4 : left + 24] = 220
    return image


def combing(image: np.ndarray) -> float:
    grey = image[..., 1].astype(int)
    return float(np.abs(2 * grey[1:-1] - grey[:-2] - grey[2:]).mean())


def test_interlaced_material_is_deinterlaced_on_request(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "i.mkv", [woven(n) for n in range(20)], codec="ffv1", options={"g": "5"})
    as_coded = opened(path)
    made_whole = opened(path, deinterlace=True)
    assert len(as_coded) == len(made_whole) == 20
    assert [frame.index for frame in made_whole] == list(range(20))
    assert [frame.pts_s for frame in made_whole] == [frame.pts_s for frame in as_coded]
    assert combing(as_coded[8].image[..., 1]) > 10
    assert combing(made_whole[8].image[..., 1]) < 0.35 * combing(as_coded[8].image[..., 1])
    source = FileSource(path, deinterlace=True)
    for wanted in (5, 17, 0, 10, 11, 3):
        source.seek(made_whole[wanted].pts_s)
        frame = source.read()
        assert frame.index == wanted
        assert np.array_equal(frame.image, made_whole[wanted].image)
    source.close()


@pytest.mark.parametrize("name", ["still.png", "still.jpg", "take %03d.png"])
def test_a_still_picture_is_a_video_of_one_frame(name: str, tmp_path: Path) -> None:
    import cv2

    path = tmp_path / name
    path.write_bytes(cv2.imencode(path.suffix, numbered(7))[1].tobytes())
    source = FileSource(path)
    assert source.info.frames == 1
    frame = source.read()
    assert (frame.index, frame.pts_s, number_in(frame.image)) == (0, 0.0, 7)
    assert source.read() is None
    source.seek(3.0)
    assert source.read().index == 0
    source.close()


def test_sound_beside_the_picture_is_ignored(tmp_path: Path) -> None:
    frames = opened(write_clip(tmp_path / "a.mp4", 20, sound=True))
    assert [number_in(frame.image) for frame in frames] == list(range(20))


@pytest.mark.parametrize("name", ["a.ts", "a.mkv", "a.avi"])
def test_a_frame_has_its_time_on_the_clock_of_the_files_sound(name: str, tmp_path: Path) -> None:
    times = None if name == "a.avi" else [10 * 25 + n for n in range(12)]
    path = write_clip(tmp_path / name, 12, options=B_FRAMES, times=times)
    with av.open(str(path)) as container:
        first = (
            0.0 if name == "a.avi" else min(float(p.pts * p.time_base) for p in container.demux() if p.pts is not None)
        )
    with FileSource(path) as source:
        source.seek(0.2)
        frame = next(iter(source))
    assert (frame.index, frame.pts_s) == (5, pytest.approx(0.2))
    assert frame.stamp_s == pytest.approx(first + 0.2)
    assert first == 0 or first > 9


def test_odd_names(tmp_path: Path) -> None:
    for name in ("a b.mp4", "http:x.mp4", "ä%d.mp4", "-i.mp4", "a,b;c'\".mp4"):
        path = write_clip(tmp_path / "plain.mp4", 2).rename(tmp_path / name)
        assert len(opened(path)) == 2


@pytest.mark.parametrize("size", [(1, 1), (3, 96), (64, 96)])
def test_deinterlacing_takes_any_size(size: tuple[int, int], tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mkv", [np.full((*size, 3), 90, np.uint8)] * 4, codec="ffv1", pix_fmt="yuv444p")
    assert [frame.index for frame in opened(path, deinterlace=True)] == [0, 1, 2, 3]


def test_time_stamps_are_taken_after_the_read(tmp_path: Path) -> None:
    frames = opened(write_clip(tmp_path / "a.mp4", 10))
    taken = [frame.captured_s for frame in frames]
    assert taken == sorted(taken)
    assert all(frame.decode_ms > 0 for frame in frames)


def test_a_closed_source_gives_nothing(tmp_path: Path) -> None:
    source = FileSource(write_clip(tmp_path / "a.mp4", 5))
    source.read()
    source.close()
    source.close()
    assert source.read() is None
    source.seek(0.0)
    assert source.read() is None


def test_what_is_missing_is_said() -> None:
    assert issubclass(SourceNotFound, SourceError)
    assert issubclass(SourceUnreadable, OSError)
