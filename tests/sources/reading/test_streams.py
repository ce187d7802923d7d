"""Files and network streams that hold several video streams: which of them plays, and how it is chosen."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from av.stream import Disposition
from clipmaker import write_clip
from several_streams import grey_of, write_streams
from stream_servers import Answers, http

from polyplive.errors import SourceRefused, SourceUnreadable
from polyplive.sources.capture.address import parse_address
from polyplive.sources.capture.options import CaptureRequest
from polyplive.sources.device import DeviceSource
from polyplive.sources.file import FileSource

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stream_servers import Server

SIZES = [(64, 48), (128, 96), (96, 64)]
FIRST, THIRD = {1: Disposition.default}, {3: Disposition.default}
NONE: dict[int, Disposition] = {}


def plays(path: Path, stream: int | None = None) -> tuple[tuple[int, int], int, tuple[str, ...]]:
    """The size and the grey that come, and the notices."""
    with FileSource(path, stream=stream) as source:
        frames = list(source)
        assert len(frames) == 6
        assert {frame.image.shape for frame in frames} == {(source.info.height, source.info.width, 3)}
        assert frames[0].image.std() < 2
        return (source.info.width, source.info.height), round(float(frames[0].image.mean())), source.info.notices


@pytest.mark.parametrize(
    ("name", "marked", "best"),
    [
        ("a.mkv", NONE, 2),
        ("a.mkv", THIRD, 3),
        ("a.mp4", FIRST, 1),
        ("a.mp4", THIRD, 3),
        ("a.ts", NONE, 2),
        ("a.avi", NONE, 2),
    ],
)
def test_the_largest_plays_or_the_default_among_such_sizes(
    name: str, marked: dict[int, Disposition], best: int, tmp_path: Path
) -> None:
    size, grey, notices = plays(write_streams(tmp_path / name, SIZES, marked=marked))
    assert size == SIZES[best - 1]
    assert grey == pytest.approx(grey_of(best), abs=3)
    assert len(notices) == 1
    assert f"plays video stream {best} of 3 ({size[0]}x{size[1]}); --stream " in notices[0]
    for number, (width, height) in enumerate(SIZES, start=1):
        assert (f"--stream {number} for {width}x{height}" in notices[0]) is (number != best)


def test_a_default_that_is_far_smaller_does_not_play(tmp_path: Path) -> None:
    with FileSource(write_streams(tmp_path / "a.mkv", [(64, 48), (2560, 2048)], frames=1, marked=FIRST)) as source:
        assert (source.info.width, source.info.height) == (2560, 2048)


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.ts", "a.avi"])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_stream_is_chosen_by_its_number(name: str, number: int, tmp_path: Path) -> None:
    size, grey, notices = plays(write_streams(tmp_path / name, SIZES), number)
    assert (size, notices) == (SIZES[number - 1], ())
    assert grey == pytest.approx(grey_of(number), abs=3)


def test_seeking_and_damage_stay_in_the_stream_that_was_chosen(tmp_path: Path) -> None:
    path = write_streams(tmp_path / "a.mkv", SIZES, frames=24)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 40] = bytes(40)
    path.write_bytes(data)
    with FileSource(path, stream=1) as source:
        for second in (0.6, 0.1, 0.8, 0.0):
            source.seek(second)
            frame = source.read()
            assert frame is not None
            assert frame.image.shape == (48, 64, 3)
            assert frame.image.mean() == pytest.approx(grey_of(1), abs=3)


def test_one_stream_is_no_choice(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", 3, sound=True)
    with FileSource(path) as source:
        assert source.info.notices == ()
    with FileSource(path, stream=1) as source:
        assert source.info.notices == ()
    with pytest.raises(SourceRefused, match=r"has one video stream .* Leave --stream out"):
        FileSource(path, stream=2)


def test_a_cover_is_no_choice(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as output:
        cover = output.add_stream("mjpeg", rate=25)
        cover.width, cover.height, cover.pix_fmt = 320, 240, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        video = output.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        for stream, count in ((cover, 1), (video, 6)):
            for place in range(count):
                picture = av.VideoFrame.from_ndarray(np.full((stream.height, stream.width, 3), 90, np.uint8), "bgr24")
                picture.pts, picture.time_base = place, Fraction(1, 25)
                output.mux(stream.encode(picture))
            output.mux(stream.encode())
    with av.open(str(path)) as written:
        assert [bool(stream.disposition & Disposition.attached_pic) for stream in written.streams.video].count(
            True
        ) == 1
    assert plays(path)[::2] == ((64, 48), ())


@pytest.mark.parametrize("number", [0, 4, -1])
def test_a_number_that_is_not_there_is_refused_with_what_there_is(number: int, tmp_path: Path) -> None:
    path = write_streams(tmp_path / "a.mkv", SIZES)
    with pytest.raises(SourceRefused) as refused:
        FileSource(path, stream=number)
    text = str(refused.value)
    assert f"has no stream {number}. It has 1: 64x48, 2: 128x96, 3: 96x64." in text
    assert "\n" not in text


def test_what_cannot_be_decoded_is_never_the_best(tmp_path: Path) -> None:
    path = write_streams(tmp_path / "a.mkv", [(128, 96), (64, 48), (96, 64)])
    data = path.read_bytes()
    path.write_bytes(data.replace(b"V_MPEG4/ISO/AVC", b"V_NOSUCH/CODEC1", 1))
    size, _, notices = plays(path)
    assert size == (96, 64)
    assert "plays video stream 3 of 3 (96x64); --stream 2 for 64x48" in notices[0]
    assert "--stream 1" not in notices[0]
    with pytest.raises(SourceRefused, match=r"Video stream 1 of .* cannot be decoded\. It has 1: a codec"):
        FileSource(path, stream=1)
    path.write_bytes(data.replace(b"V_MPEG4/ISO/AVC", b"V_NOSUCH/CODEC1"))
    for number in (None, 1):
        with pytest.raises(SourceUnreadable, match="uses a video codec that FFmpeg here cannot decode"):
            FileSource(path, stream=number)


@pytest.mark.parametrize(("number", "expected"), [(None, 2), (1, 1), (3, 3)])
def test_a_network_stream_too(
    number: int | None, expected: int, tmp_path: Path, serve: Callable[[Server], Server]
) -> None:
    server = serve(Answers(http(write_streams(tmp_path / "a.ts", SIZES, frames=30).read_bytes())))
    source = DeviceSource(parse_address(f"http://127.0.0.1:{server.port}/"), CaptureRequest(stream=number))
    try:
        frame = source.read()
        assert frame is not None
        assert frame.image.shape[1::-1] == SIZES[expected - 1]
        assert frame.image.mean() == pytest.approx(grey_of(expected), abs=3)
        assert bool(source.info.notices) is (number is None)
    finally:
        source.close()


def test_a_network_stream_without_that_number_is_refused(tmp_path: Path, serve: Callable[[Server], Server]) -> None:
    server = serve(Answers(http(write_streams(tmp_path / "a.ts", SIZES, frames=30).read_bytes())))
    with pytest.raises(SourceRefused, match=r"has no stream 7\. It has 1: 64x48"):
        DeviceSource(parse_address(f"http://127.0.0.1:{server.port}/"), CaptureRequest(stream=7))


@pytest.mark.parametrize(("form", "codec"), [("h264", "libx264"), ("hevc", "libx265"), ("mpeg2video", "mpeg2video")])
def test_a_bare_stream_has_the_rate_that_its_codec_states(
    form: str, codec: str, tmp_path: Path, serve: Callable[[Server], Server]
) -> None:
    options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    clip = write_clip(tmp_path / f"bare.{form}", 40, fps=50, codec=codec, container=form, options=options)
    with FileSource(clip) as video:
        assert video.info.fps == 50
        assert [frame.pts_s for frame in video] == pytest.approx([number / 50 for number in range(40)])
    server = serve(Answers(http(clip.read_bytes())))
    source = DeviceSource(parse_address(f"http://127.0.0.1:{server.port}/"))
    try:
        assert source.info.fps == 50
    finally:
        source.close()
