"""A table of codecs in containers: each file gives what plain PyAV gives of it, and at the right times."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from clipmaker import number_in, numbered
from plain_decode import Plain, plain, same

from polyplive.sources.file import FileSource

if TYPE_CHECKING:
    from pathlib import Path

RATE = 25
TICK_S = 0.0061
"""The coarsest clock in the table is that of GIF, in hundredths of a second."""


@dataclass(frozen=True)
class Row:
    """One file of the table: an encoder and its pixels, the name's ending, and what else it needs."""

    encoder: str
    pixels: str
    ending: str
    options: dict[str, str] = field(default_factory=dict)
    form: str | None = None
    size: tuple[int, int] = (96, 64)
    frames: int = 12
    note: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, [self.encoder, self.pixels, "in", self.ending, self.note]))


def _row(encoder: str, pixels: str, ending: str, *options: dict[str, str], **more: object) -> Row:
    return Row(encoder, pixels, ending, {key: value for some in options for key, value in some.items()}, **more)  # type: ignore[arg-type]


G = {"g": "6"}
B = {"g": "6", "bf": "2"}
X264 = {"preset": "ultrafast"}
X265 = {"preset": "ultrafast", "x265-params": "log-level=0:bframes=2:keyint=6:pools=1:frame-threads=1"}
VPX = {"g": "6", "deadline": "realtime", "cpu-used": "8"}
AV1 = {"preset": "12", "g": "6", "svtav1-params": "lp=1"}
DNXHR = {"size": (256, 128)}
PICTURE = {"form": "image2", "frames": 1}

TABLE = [
    _row("libx264", "yuv420p", "mp4", X264, B, note="with B frames"),
    _row("libx264", "yuv420p", "mp4", X264, B, {"x264-params": "tff=1"}, note="interlaced"),
    _row("libx264", "yuv420p10le", "mp4", X264, B),
    _row("libx264", "gray", "mp4", X264, G),
    _row("libx264", "yuv422p", "mov", X264, B),
    _row("libx264", "yuv422p10le", "mkv", X264, B),
    _row("libx264", "yuv444p", "mkv", X264, B),
    _row("libx264rgb", "bgr24", "mkv", X264, G),
    _row("libx264", "yuv420p", "mkv", X264, B, size=(96, 720), note="of 720 lines"),
    _row("libx264", "yuv420p", "ts", X264, B, form="mpegts"),
    _row("libx264", "yuv420p", "m2ts", X264, B, form="mpegts"),
    _row("libx264", "yuv420p", "mpg", X264, B, form="vob"),
    _row("libx264", "yuv420p", "flv", X264, B),
    _row("libx264", "yuv420p", "avi", X264, G),
    _row("libx264", "yuv420p", "avi", X264, B, note="with B frames"),
    _row("libx264", "yuv420p", "3gp", X264, G),
    _row("libx264", "yuv420p", "asf", X264, B),
    _row("libx264", "yuv420p", "mxf", X264, B),
    _row("libx264", "yuv420p", "h264", X264, B, form="h264"),
    _row("libx265", "yuv420p", "mp4", X265),
    _row("libx265", "yuv420p10le", "mkv", X265),
    _row("libx265", "yuv420p", "ts", X265, form="mpegts"),
    _row("libx265", "yuv420p", "hevc", X265, form="hevc"),
    _row("libvpx", "yuv420p", "webm", VPX),
    _row("libvpx", "yuv420p", "ogg", VPX),
    _row("libvpx", "yuv420p", "ivf", VPX),
    _row("libvpx-vp9", "yuv420p", "webm", VPX),
    _row("libvpx-vp9", "yuv422p", "mkv", VPX),
    _row("libvpx-vp9", "yuv420p", "mp4", VPX),
    _row("libsvtav1", "yuv420p", "mp4", AV1),
    _row("libsvtav1", "yuv420p10le", "webm", AV1),
    _row("libsvtav1", "yuv420p", "obu", AV1),
    _row("mpeg4", "yuv420p", "mp4", B),
    _row("mpeg4", "yuv420p", "mkv", B),
    _row("mpeg4", "yuv420p", "avi", G),
    _row("mpeg4", "yuv420p", "avi", B, note="with B frames"),
    _row("mpeg4", "yuv420p", "3gp", G),
    _row("mpeg4", "yuv420p", "m4v", B, form="m4v"),
    _row("msmpeg4v2", "yuv420p", "avi", G),
    _row("msmpeg4", "yuv420p", "asf", G),
    _row("wmv1", "yuv420p", "asf", G),
    _row("wmv2", "yuv420p", "wmv", G, form="asf"),
    _row("mpeg1video", "yuv420p", "mpg", B, form="mpeg"),
    _row("mpeg1video", "yuv420p", "mkv", B),
    _row("mpeg1video", "yuv420p", "m1v", B, form="mpeg1video"),
    _row("mpeg2video", "yuv420p", "vob", B, {"flags": "+ildct+ilme"}, form="vob", note="interlaced"),
    _row("mpeg2video", "yuv420p", "dvd", B, form="dvd"),
    _row("mpeg2video", "yuv422p", "ts", B, form="mpegts"),
    _row("mpeg2video", "yuv422p", "mxf", B),
    _row("mpeg2video", "yuv420p", "mkv", B),
    _row("mpeg2video", "yuv420p", "m2v", B, form="mpeg2video"),
    _row("mpeg2video", "yuv420p", "wtv", B, form="wtv"),
    _row("h263", "yuv420p", "3gp", G, size=(128, 96)),
    _row("h263", "yuv420p", "avi", G, size=(128, 96)),
    _row("flv", "yuv420p", "flv", G),
    _row("rv10", "yuv420p", "rm", G, size=(128, 96)),
    _row("mjpeg", "yuvj420p", "avi"),
    _row("mjpeg", "yuvj422p", "mov"),
    _row("mjpeg", "yuvj444p", "mkv"),
    _row("mjpeg", "yuvj420p", "mp4"),
    _row("mjpeg", "yuvj422p", "mjpeg", form="mjpeg"),
    _row("ffv1", "yuv420p", "mkv"),
    _row("ffv1", "gray16le", "mkv"),
    _row("ffv1", "yuv422p10le", "avi"),
    _row("huffyuv", "yuv422p", "avi"),
    _row("ffvhuff", "yuv420p", "avi"),
    _row("utvideo", "yuv422p", "avi"),
    _row("magicyuv", "yuv444p", "avi"),
    _row("prores_ks", "yuv422p10le", "mov"),
    _row("prores_ks", "yuva444p10le", "mov", {"profile": "4"}),
    _row("prores_ks", "yuv422p10le", "mxf"),
    _row("prores", "yuv422p10le", "mkv"),
    _row("dnxhd", "yuv422p", "mov", {"profile": "dnxhr_lb"}, **DNXHR),
    _row("dnxhd", "yuv422p10le", "mxf", {"profile": "dnxhr_hqx"}, **DNXHR),
    _row("cfhd", "yuv422p10le", "mov"),
    _row("dvvideo", "yuv420p", "dv", size=(720, 576), frames=4),
    _row("dvvideo", "yuv420p", "avi", size=(720, 576), frames=4),
    _row("jpeg2000", "yuv420p", "mov"),
    _row("jpeg2000", "yuv422p10le", "mxf"),
    _row("png", "rgb24", "mov"),
    _row("qtrle", "rgb24", "mov"),
    _row("rawvideo", "yuyv422", "avi"),
    _row("rawvideo", "bgr24", "avi"),
    _row("rawvideo", "uyvy422", "mov"),
    _row("rawvideo", "nv12", "nut"),
    _row("rawvideo", "yuv420p", "mkv"),
    _row("wrapped_avframe", "yuv420p", "y4m", form="yuv4mpegpipe"),
    _row("v210", "yuv422p10le", "mov"),
    _row("cinepak", "rgb24", "avi"),
    _row("svq1", "yuv410p", "mov"),
    _row("zlib", "bgr24", "avi"),
    _row("zmbv", "bgr0", "avi"),
    _row("msvideo1", "rgb555le", "avi"),
    _row("flashsv", "bgr24", "flv"),
    _row("asv1", "yuv420p", "avi"),
    _row("snow", "yuv420p", "avi", {"strict": "-2"}),
    _row("gif", "rgb8", "gif"),
    _row("apng", "rgb24", "apng"),
    _row("png", "rgb24", "png", **PICTURE),
    _row("mjpeg", "yuvj420p", "jpg", **PICTURE),
    _row("bmp", "bgr24", "bmp", **PICTURE),
    _row("tiff", "rgb24", "tiff", **PICTURE),
    _row("jpeg2000", "rgb24", "jp2", **PICTURE),
    _row("ppm", "rgb24", "ppm", **PICTURE),
]


def write(row: Row, path: Path) -> None:
    with av.open(str(path), "w", format=row.form) as output:
        stream = output.add_stream(row.encoder, rate=RATE, options=row.options)
        (stream.width, stream.height), stream.pix_fmt = row.size, row.pixels
        for number in range(row.frames):
            picture = av.VideoFrame.from_ndarray(numbered(number, *row.size), format="bgr24")
            picture.pts, picture.time_base = number, Fraction(1, RATE)
            output.mux(stream.encode(picture))
        output.mux(stream.encode())


def times(right: Plain) -> list[float]:
    """The file's own times, counted from the first frame; the steady rate's where it has none that rise."""
    stamps = [stamp for stamp in right.stamps if stamp is not None]
    if len(stamps) == len(right.images) and all(before < after for before, after in pairwise(stamps)):
        return [stamp - stamps[0] for stamp in stamps]
    return [place / RATE for place in range(len(right.images))]


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_a_file_gives_what_plain_pyav_gives(row: Row, tmp_path: Path) -> None:
    if row.encoder not in av.codecs_available:
        pytest.skip(f"this FFmpeg has no {row.encoder}")
    path = tmp_path / f"file.{row.ending}"
    write(row, path)
    right = plain(path)
    assert len(right.images) == row.frames
    with FileSource(path) as source:
        frames = list(source)
        assert [frame.index for frame in frames] == list(range(row.frames))
        assert [number_in(frame.image) for frame in frames] == list(range(row.frames))
        assert [same(frame.image, image) for frame, image in zip(frames, right.images, strict=True)] == [
            True
        ] * row.frames
        assert [frame.pts_s for frame in frames] == pytest.approx(times(right), abs=1e-6)
        assert [frame.pts_s for frame in frames] == pytest.approx([n / RATE for n in range(row.frames)], abs=TICK_S)
        assert source.dropped == {}
        assert source.info.frames == row.frames
        assert source.info.fps == pytest.approx(RATE, rel=0.02)
        for place in (row.frames // 2, row.frames - 1, 0, row.frames // 3):
            source.seek(frames[place].pts_s)
            found = source.read()
            assert found is not None
            assert found.index == place
            assert np.array_equal(found.image, frames[place].image)


def copy_with_ticks_of_half_a_frame(path: Path, copied: Path) -> None:
    with av.open(str(path)) as file, av.open(str(copied), "w") as output:
        stream = output.add_stream_from_template(file.streams.video[0])
        stream.time_base = Fraction(1, 2 * RATE)
        packets = (packet for packet in file.demux(file.streams.video[0]) if packet.size)
        for place, packet in enumerate(packets):
            packet.pts = packet.dts = 2 * place
            packet.time_base, packet.stream = stream.time_base, stream
            output.mux(packet)


@pytest.mark.parametrize("encoder", ["libx264", "mpeg4", "mpeg2video"])
def test_an_avi_whose_clock_counts_half_frames_has_the_time_of_its_last_frame(encoder: str, tmp_path: Path) -> None:
    row = _row(encoder, "yuv420p", "nut", B)
    write(row, tmp_path / "file.nut")
    copy_with_ticks_of_half_a_frame(tmp_path / "file.nut", tmp_path / "file.avi")
    with FileSource(tmp_path / "file.avi") as source:
        frames = list(source)
        assert [number_in(frame.image) for frame in frames] == list(range(row.frames))
        assert [frame.pts_s for frame in frames] == pytest.approx([n / RATE for n in range(row.frames)])
        assert source.info.fps == pytest.approx(RATE)
        assert source.repaired == 0


def test_the_table_is_long_enough() -> None:
    assert len({str(row) for row in TABLE}) == len(TABLE)
    assert sum(row.encoder in av.codecs_available for row in TABLE) >= 40
