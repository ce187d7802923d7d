"""A raw recording holds the samples that the source gave: no trip through BGR, in the source's own matrix and range."""

from __future__ import annotations

import contextlib
import io
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from sink_rig import session
from stream_servers import Answers, http

from polyplive import FileSource
from polyplive.errors import SinkError, SourceLost
from polyplive.pixels.picture import BgrPicture, YuvPicture
from polyplive.pixels.yuv import YuvSamples
from polyplive.sinks.base import FrameRecord
from polyplive.sinks.h264 import H264
from polyplive.sinks.segments import SegmentSettings, SegmentWriter
from polyplive.sinks.video import VideoSink
from polyplive.sinks.yuv420 import yuv420_picture
from polyplive.sources.capture.address import parse_address
from polyplive.sources.capture.options import CaptureRequest
from polyplive.sources.device import DeviceSource
from polyplive.sources.picture.conversion import PictureMaker
from polyplive.types import Frame, StageTimes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOSSLESS = H264("libx264", (("preset", "ultrafast"), ("qp", "0"), ("bf", "0")))
LIMITED, FULL = 1, 2
BT709, BT601, BT2020 = 1, 6, 9
SENT = 30
"""Pictures of a stream; FFmpeg drops about half a second of them when it opens one."""


def sent(codec: str, form: str, matrix: int, range_: int, width: int, height: int) -> bytes:
    """A stream of noise in that code."""
    file = io.BytesIO()
    rng = np.random.default_rng(8)
    container_format = "nut" if form == "bgr24" else "matroska"  # which has colours, but not this format
    with av.open(file, "w", format=container_format) as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, form
        context = stream.codec_context
        context.colorspace, context.color_primaries, context.color_trc, context.color_range = matrix, matrix, 1, range_
        stream.options = {"strict": "-2", "g": "1"}
        for number in range(SENT):
            picture = av.VideoFrame(width, height, form)
            picture.colorspace, picture.color_range = matrix, range_
            for plane in picture.planes:
                wide = form.endswith("le")
                values = rng.integers(16, 1024 if wide else 256, plane.buffer_size // (1 + wide))
                plane.update(values.astype("<u2" if wide else np.uint8).tobytes())
            picture.pts, picture.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return file.getvalue()


def decoded(file: object) -> Iterator[list[np.ndarray]]:
    """The planes of each picture, float64, decoded and sorted by PyAV alone."""
    with av.open(file) as container:  # type: ignore[call-overload]
        for picture in container.decode(video=0):
            name = picture.format.name
            sorted_ = picture.reformat(format=SORTED[name]) if name in SORTED else picture
            kind = "<u2" if name.endswith("le") else np.uint8
            yield [
                np.frombuffer(memoryview(plane), kind).reshape(plane.height, -1)[:, : plane.width].astype(float)
                for plane in sorted_.planes
            ]


def live(stream: bytes, request: CaptureRequest | None = None) -> list[Frame]:
    """The frames of that stream, read live."""
    server = Answers(http(stream))
    source = DeviceSource(parse_address(f"http://127.0.0.1:{server.port}/"), request)
    frames: list[Frame] = []
    with contextlib.suppress(SourceLost):
        while (frame := source.read()) is not None:
            frames.append(frame)
    source.close()
    server.stop()
    assert len(frames) > 5
    return frames


def record(path: Path, frames: list[Frame]) -> Path:
    sink = VideoSink(path, h264=LOSSLESS, composed=False)
    sink.open(session())
    for frame in frames:
        sink.write(FrameRecord(frame, None, None, StageTimes()))
    sink.close()
    return path


KINDS = [
    pytest.param("libx264", "yuv420p", BT709, LIMITED, id="H.264"),
    pytest.param("libx264", "yuvj420p", BT601, FULL, id="H.264 of full range"),
    pytest.param("mjpeg", "yuvj420p", 5, FULL, id="MJPEG"),
    pytest.param("rawvideo", "yuv420p", BT709, LIMITED, id="YU12"),
    pytest.param("rawvideo", "nv12", BT709, FULL, id="NV12"),
    pytest.param("mjpeg", "yuvj422p", 5, FULL, id="MJPEG 4:2:2"),
    pytest.param("rawvideo", "yuyv422", BT601, LIMITED, id="YUYV"),
    pytest.param("rawvideo", "uyvy422", BT709, FULL, id="UYVY"),
    pytest.param("libx264", "yuv444p", BT709, LIMITED, id="4:4:4"),
    pytest.param("ffv1", "yuv420p10le", BT709, LIMITED, id="10 bits"),
]
SORTED = {"nv12": "yuv420p", "yuyv422": "yuv422p", "uyvy422": "yuv422p"}


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
@pytest.mark.parametrize(("codec", "form", "matrix", "range_"), KINDS)
def test_the_file_has_the_sources_samples(
    tmp_path: Path, codec: str, form: str, matrix: int, range_: int, suffix: str
) -> None:
    stream = sent(codec, form, matrix, range_, 64, 48)
    frames = live(stream)
    path = record(tmp_path / f"raw{suffix}", frames)
    scale = 4 if form.endswith("10le") else 1
    kept, given = list(decoded(str(path))), list(decoded(io.BytesIO(stream)))
    assert len(kept) == len(frames)
    first = min(range(SENT), key=lambda number: np.abs(kept[0][0] - given[number][0] / scale).sum())
    errors = []
    for (luma, *chroma), (kept_luma, *kept_chroma) in zip(given[first:], kept, strict=False):
        assert np.array_equal(kept_luma, np.rint(luma / scale).clip(0, 255))
        for plane, kept_plane in zip(chroma, kept_chroma, strict=True):
            rows, columns = plane.shape[0] // 24, plane.shape[1] // 32
            mean = (plane / scale).clip(0, 255).reshape(24, rows, 32, columns).mean((1, 3))
            errors.append(kept_plane - mean)
    assert np.abs(errors).max() <= 0.5 + (form.endswith("10le") and 0.5)
    assert np.abs(np.mean(errors)) < 0.02, "no channel is moved"
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        picture = next(container.decode(video=0))
        assert (picture.colorspace, picture.color_range) == (matrix, range_)
        assert (context.colorspace, context.color_range) == (matrix, range_)


@pytest.mark.parametrize(("width", "height"), [(64, 48), (63, 47), (9, 5)])
@pytest.mark.parametrize("kind", [("mjpeg", "yuvj420p", 5, FULL), ("rawvideo", "yuv420p", BT709, LIMITED)])
def test_colours_are_read_back_exactly(
    tmp_path: Path, kind: tuple[str, str, int, int], width: int, height: int
) -> None:
    frames = live(sent(*kind, width, height))
    with FileSource(record(tmp_path / "raw.mkv", frames)) as source:
        for frame, read in zip(frames, source, strict=True):
            assert np.array_equal(read.image[:height, :width], frame.image)


def test_what_states_no_matrix_is_recorded_as_it_was_shown(tmp_path: Path) -> None:
    (frame, *_) = frames = live(sent("rawvideo", "yuyv422", 2, 0, 64, 48))
    assert frame.yuv is not None
    with av.open(str(record(tmp_path / "raw.mkv", frames))) as container:
        picture = next(container.decode(video=0))
    assert (picture.colorspace, picture.color_range) == (5, LIMITED), "as players assume for small pictures"


@pytest.mark.parametrize(("form", "matrix"), [("bgr24", 2), ("gray", 2), ("yuv420p", BT2020)])
def test_other_pixels_are_recorded_from_the_picture(tmp_path: Path, form: str, matrix: int) -> None:
    """RGB and grey, and wide gamuts, which are mapped to what a display shows."""
    frames = live(sent("rawvideo", form, matrix, 0, 64, 48))
    assert [frame.yuv for frame in frames] == [None] * len(frames)
    assert len({frame.image.tobytes() for frame in frames}) == len(frames), "each has memory of its own"
    with FileSource(record(tmp_path / "raw.mkv", frames)) as source:
        errors = np.array([read.image.astype(int) - frame.image for frame, read in zip(frames, source, strict=True)])
    assert np.abs(errors.mean((0, 1, 2))).max() < 3, "of noise, whose colours many pixels share"


def test_samples_have_memory_of_their_own() -> None:
    """A card's driver writes the next picture to where the last one lay."""
    for form in ("yuv420p", "yuyv422", "nv12"):
        frames = live(sent("rawvideo", form, 2, 0, 64, 48))
        assert len({frame.yuv.luma.tobytes() for frame in frames if frame.yuv is not None}) == len(frames)


@pytest.mark.parametrize(("form", "rows"), [("p010le", 24), ("p210le", 48)])
def test_ten_bits_of_a_card_are_sorted(form: str, rows: int) -> None:
    picture, rng = av.VideoFrame(64, 48, form), np.random.default_rng(2)
    luma, chroma = (rng.integers(64, 940, (height, 64), np.uint16) for height in (48, rows))
    for plane, values in zip(picture.planes, (luma, chroma), strict=True):
        plane.update((values << 6).astype("<u2").tobytes())
    samples = PictureMaker().picture(picture).samples
    assert samples is not None
    assert samples.bits == 10
    assert np.array_equal(samples.luma, luma)
    assert np.array_equal(samples.cb, chroma[:, 0::2])
    assert np.array_equal(samples.cr, chroma[:, 1::2])


def test_of_a_3d_stream_the_eye_that_is_shown_is_recorded(tmp_path: Path) -> None:
    stream = sent("mjpeg", "yuvj422p", 5, FULL, 64, 48)
    whole, left = live(stream), live(stream, CaptureRequest(stereo="left"))
    for seen, eye in zip(whole, left, strict=True):
        assert np.array_equal(eye.image, seen.image[:, :32])
        assert np.array_equal(eye.yuv.luma, seen.yuv.luma[:, :32])
        assert (eye.yuv.matrix, eye.yuv.is_full, eye.yuv.is_centred) == (5, True, True)


def flat(level: int, *, is_full: bool) -> Frame:
    luma, chroma = np.full((48, 64), level, np.uint8), np.full((24, 32), 128, np.uint8)
    return Frame(YuvPicture(YuvSamples(luma, chroma, chroma, BT601, is_full=is_full)), level, level / 25)


def test_colours_that_are_coded_otherwise_begin_a_new_file(tmp_path: Path) -> None:
    """A sender that is set to another range: one file cannot hold both."""
    writer = SegmentWriter(
        tmp_path / "raw.mkv", SegmentSettings(free_mib=0), composed=False, encoder_for=lambda *_: LOSSLESS
    )
    writer.open(session())
    for level in range(100, 110):
        frame = flat(level, is_full=level >= 106)
        writer.write(
            FrameRecord(
                frame if level != 109 else replace(frame, picture=BgrPicture(frame.image)), None, None, StageTimes()
            )
        )
    writer.close()
    found = []
    for path in writer.files:
        with av.open(str(path)) as container:
            found.append([(picture.color_range, int(picture.to_ndarray()[0, 0])) for picture in container.decode()])
    assert found[:2] == [[(LIMITED, level) for level in range(100, 106)], [(FULL, level) for level in range(106, 109)]]
    assert len(found[2]) == 1
    sink = VideoSink(tmp_path / "one.mkv", composed=False)
    sink.open(session())
    sink.write(FrameRecord(flat(1, is_full=False), None, None, StageTimes()))
    sink.write(FrameRecord(flat(2, is_full=True), None, None, StageTimes()))
    with pytest.raises(SinkError, match="coded otherwise"):
        sink.close()


@pytest.mark.parametrize("is_full", [False, True])
@pytest.mark.parametrize("bits", [8, 10, 12])
def test_wide_samples_are_scaled_to_eight_bits(bits: int, is_full: bool) -> None:
    levels = np.linspace(0, 2**bits - 1, 256).round().astype(np.uint16 if bits > 8 else np.uint8)
    plane = np.tile(levels, (2, 1)).repeat(2, 0)
    samples = YuvSamples(plane, plane[::2, ::2], plane[::2, 1::2], BT709, is_full=is_full, bits=bits)
    luma, blue, red = (
        np.frombuffer(memoryview(found), np.uint8).reshape(found.height, -1)[:, : found.width].astype(float)
        for found in yuv420_picture(samples, 256, 4).planes
    )
    share = 255 / (2**bits - 1) if is_full else 2.0 ** (8 - bits)
    assert np.abs(luma - (plane * share).clip(0, 255)).max() <= 0.5
    middle = 2 ** (bits - 1)
    for kept, given in ((blue, samples.cb), (red, samples.cr)):
        assert np.abs(kept - ((given.astype(float) - middle) * share + 128).clip(0, 255)).max() <= 0.5
