"""A recording as readers that are not ours find it: count, times, shape, colours."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import pytest
from clipmaker import number_in, numbered
from independent_reader import READERS
from sink_rig import session

from polyplive import FileSource
from polyplive.sinks.base import FrameRecord
from polyplive.sinks.h264 import exact
from polyplive.sinks.segments import SegmentSettings, SegmentWriter
from polyplive.types import StageTimes

if TYPE_CHECKING:
    from pathlib import Path

PAL_WIDE = Fraction(64, 45)
RATE = Fraction(30_000, 1001)
TIMES = [number * 1001 for number in range(20)]  # of a 30,000th of a second
TIMES += [time + 30_000 * 5 for time in TIMES] + [30_000 * 3600 * 7 + 1500 * number for number in range(10)]
SECONDS = [time / 30_000 for time in TIMES]
"""NTSC, a pause of five seconds, and after seven hours another rate."""
TICK_S = {".mp4": 1 / 30_000, ".mov": 1 / 30_000, ".mkv": 1 / 1000}


@pytest.fixture(scope="module", params=list(TICK_S))
def recording(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of a tower's video with pixels that are not square."""
    folder = tmp_path_factory.mktemp("recorded")
    source, path = folder / "tower.mkv", folder / f"2026-05-01T10:30{request.param}"
    with av.open(str(source), "w") as output:
        stream = output.add_stream("libx264", rate=RATE, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 30_000)
        stream.codec_context.sample_aspect_ratio = PAL_WIDE
        for number, time in enumerate(TIMES):
            frame = av.VideoFrame.from_ndarray(numbered(number), format="bgr24")
            frame.pts, frame.time_base = time, Fraction(1, 30_000)
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
    writer = SegmentWriter(path, SegmentSettings(free_mib=0), encoder_for=exact, listed=False)
    with FileSource(source) as tower:
        writer.open(dataclasses.replace(session(), source=tower.info))
        for frame in tower:
            writer.write(FrameRecord(frame, None, frame.image, StageTimes()))
    writer.close()
    return path


@pytest.mark.parametrize("reader", READERS)
def test_another_reader_finds_what_was_recorded(recording: Path, reader: str) -> None:
    found = READERS[reader](recording)
    assert found.errors == ""
    assert (found.codec, found.pix_fmt, found.size) == ("h264", "yuv420p", (96, 64))
    assert len(found.times_s) == len(TIMES)
    tick_s = TICK_S[recording.suffix]
    assert found.times_s == pytest.approx(SECONDS, abs=tick_s / 2 + 0.0005 + 1e-6)  # the source's own milliseconds
    assert found.sample_aspect == PAL_WIDE
    assert found.tags == ("bt709", "tv", "bt709", "bt709")


def test_every_frame_is_the_one_of_its_time(recording: Path) -> None:
    with recording.open("rb") as file, av.open(file) as container:
        numbers = [number_in(frame.to_ndarray(format="bgr24")) for frame in container.decode(video=0)]
    assert numbers == list(range(len(TIMES)))
