"""The shape of the pixels in a recording: its container and its stream both say it."""

from __future__ import annotations

import struct
import time
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from sink_rig import session

from polyplive import FileSource, VideoWriter
from polyplive.errors import ConfigError, SinkError
from polyplive.sinks.base import FrameRecord
from polyplive.sinks.matroska_display import with_display_size
from polyplive.sinks.video import VideoSink
from polyplive.types import Frame, StageTimes, Tally

if TYPE_CHECKING:
    from pathlib import Path

PAL_WIDE, NTSC = Fraction(64, 45), Fraction(10, 11)
SHAPES = [((720, 576), PAL_WIDE), ((720, 480), NTSC), ((97, 63), Fraction(4, 3)), ((160, 120), Fraction(1))]


def written(path: Path, size: tuple[int, int], sample_aspect: Fraction, frames: int = 3) -> Path:
    with VideoWriter(path, sample_aspect=sample_aspect) as video:
        for level in range(frames):
            video.write(np.full((size[1], size[0], 3), 20 * level, np.uint8))
    return path


def shown(sample_aspect: Fraction, number: int = 0, size: tuple[int, int] = (96, 64)) -> FrameRecord:
    image = np.zeros((size[1], size[0], 3), np.uint8)
    frame = Frame(image, number, number / 25, number / 25, sample_aspect=sample_aspect)
    return FrameRecord(frame, None, image, StageTimes())


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize(("size", "sample_aspect"), SHAPES)
def test_readers_see_it(tmp_path: Path, size: tuple[int, int], sample_aspect: Fraction, suffix: str) -> None:
    path = written(tmp_path / f"clip{suffix}", size, sample_aspect)
    with av.open(str(path), options={"err_detect": "crccheck+explode"}) as container:
        stream = container.streams.video[0]
        assert stream.sample_aspect_ratio == sample_aspect
        assert len(list(container.decode(stream))) == 3
    with FileSource(path) as source:
        assert source.info.sample_aspect == sample_aspect


@pytest.mark.parametrize(("size", "sample_aspect"), SHAPES)
def test_the_stream_itself_says_it(tmp_path: Path, size: tuple[int, int], sample_aspect: Fraction) -> None:
    raw = tmp_path / "clip.h264"
    with av.open(str(written(tmp_path / "clip.mkv", size, sample_aspect))) as container, av.open(str(raw), "w") as out:
        stream = out.add_stream_from_template(container.streams.video[0])
        for packet in container.demux(video=0):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    with av.open(str(raw)) as container:
        assert container.streams.video[0].sample_aspect_ratio == sample_aspect


@pytest.mark.parametrize(("size", "sample_aspect"), SHAPES)
def test_mp4_has_its_box(tmp_path: Path, size: tuple[int, int], sample_aspect: Fraction) -> None:
    data = written(tmp_path / "clip.mp4", size, sample_aspect).read_bytes()
    at = data.index(b"pasp") + 4
    assert struct.unpack(">II", data[at : at + 8]) == sample_aspect.as_integer_ratio()


@pytest.mark.parametrize(
    ("size", "sample_aspect", "elements"),
    [
        ((720, 576), PAL_WIDE, "54b0 82 0400  54ba 82 0240"),  # 1024x576 pixels
        ((720, 480), NTSC, "54b2 81 03  54b0 81 0f  54ba 81 0b"),  # 654.5 pixels wide: a ratio of 15:11 instead
        ((97, 63), Fraction(4, 3), "54b2 81 03  54b0 81 31  54ba 81 18"),  # 98x64 are stored
        ((160, 120), Fraction(1), "54b0 81 a0  54ba 81 78"),
    ],
)
def test_matroska_has_its_elements(
    tmp_path: Path, size: tuple[int, int], sample_aspect: Fraction, elements: str
) -> None:
    """DisplayUnit (0: pixels, 3: ratio), DisplayWidth, DisplayHeight: while the file is written, and afterwards."""
    path = tmp_path / "clip.mkv"
    with VideoWriter(path, sample_aspect=sample_aspect) as video:
        picture = np.zeros((size[1], size[0], 3), np.uint8)
        for _ in range(80):  # the encoder holds some back
            video.write(picture)
        while len(data := path.read_bytes()) < 100:
            time.sleep(0.01)
        assert bytes.fromhex(elements) in data
    data = path.read_bytes()
    assert bytes.fromhex(elements) in data
    assert b"\x54\xb2\x81\x04" not in data, "a display unit that is unknown"


TRACKS = "1654ae6b"


@pytest.mark.parametrize(
    "data",
    [
        f"ff {TRACKS}",  # the last bytes of a write
        f"{TRACKS} 86 ec 00 00 00 00 00 ff",
        f"{TRACKS} 86 ec 80 ae 00 00 00 ff",
        f"{TRACKS} 88 bf 84 01 02 03 04 ae ff 00 ff",
        f"{TRACKS} 84 ec 00 ae 00",
    ],
)
def test_pictures_that_hold_the_id_of_a_header_stay_as_they_are(data: str) -> None:
    written = bytes.fromhex(data)
    assert with_display_size(written, 96, 64, PAL_WIDE) == written


def test_a_change_of_shape_ends_a_single_file(tmp_path: Path) -> None:
    sink = VideoSink(tmp_path / "clip.mp4")
    sink.open(session())
    sink.write(shown(PAL_WIDE))
    sink.write(shown(Fraction(1), 1))
    with pytest.raises(SinkError, match=r"changed from 96x64 \(pixels 64:45\) to 96x64"):
        sink.end(Tally(2, 2, {}), "end of file")
    sink.close()


@pytest.mark.parametrize("wrong", [0, Fraction(-1, 2), 1.5, "16:9", None])
def test_a_shape_that_is_none_is_refused(tmp_path: Path, wrong: object) -> None:
    with pytest.raises(ConfigError, match="sample_aspect is"):
        VideoWriter(tmp_path / "clip.mp4", sample_aspect=wrong)
    assert list(tmp_path.iterdir()) == []
