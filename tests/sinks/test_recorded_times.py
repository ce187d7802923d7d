"""Each frame of a recording has its own time, to the nearest tick of the container's clock, however long it is."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from sink_rig import record, session

from polyplive import FileSource, VideoWriter
from polyplive.errors import ConfigError, SinkError
from polyplive.sinks.frame_clock import FrameClock, ticks_per_second
from polyplive.sinks.segments import SegmentWriter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HOUR = 3600.0
TICK_S = {".mp4": 1 / 30_000, ".mov": 1 / 30_000, ".mkv": 1 / 1000}
LATE = [0, 0.04, 6, 6.7, 13, 13.3, 26.6]
TIMES = {
    "steady": [n / 25 for n in range(50)],
    "NTSC": [n * 1001 / 30_000 for n in range(50)],
    "variable": [float(time) for time in np.cumsum(np.random.default_rng(0).uniform(0.002, 0.2, 60))],
    "a start that is not 0": [1234.567 + n / 30 for n in range(20)],
    "pauses": [0.0, 0.04, 5.0, 5.04, 605.0, 605.04],
    "past 6 and 13 hours": [HOUR * hours + n / 25 for hours in LATE for n in range(3)],
    "a pause of 7 hours": [0.0, 0.04, 7 * HOUR, 7 * HOUR + 0.04],
    "a pause of 14 hours": [0.0, 0.04, 14 * HOUR, 14 * HOUR + 0.04],
}


def written(path: Path, times: Sequence[float | None], fps: float | None = None) -> Path:
    with VideoWriter(path, fps) as video:
        for number, time_s in enumerate(times):
            video.write(np.full((48, 64, 3), number % 200, np.uint8), time_s)
    return path


def read(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        return [float(frame.pts * frame.time_base) for frame in container.decode(video=0)]


def distance(found: Sequence[float], expected: Sequence[float]) -> float:
    assert len(found) == len(expected)
    return max(abs(one - (other - expected[0])) for one, other in zip(found, expected, strict=True))


@pytest.mark.parametrize("suffix", TICK_S)
@pytest.mark.parametrize("times", TIMES.values(), ids=TIMES)
def test_each_frame_has_its_own_time(tmp_path: Path, times: list[float], suffix: str) -> None:
    path = written(tmp_path / f"clip{suffix}", times)
    assert distance(read(path), times) <= TICK_S[suffix] / 2 + 1e-7
    with FileSource(path) as source:
        assert distance([frame.pts_s or 0.0 for frame in source], times) <= TICK_S[suffix] / 2 + 1e-6


@pytest.mark.parametrize(
    "rate", [Fraction(25), Fraction(30_000, 1001), Fraction(60_000, 1001), Fraction(24_000, 1001), Fraction(2997, 100)]
)
def test_frames_at_a_usual_rate_lie_on_the_clock_exactly(tmp_path: Path, rate: Fraction) -> None:
    path = written(tmp_path / "clip.mp4", [float(number / rate) for number in range(120)], float(rate))
    with av.open(str(path)) as container:
        times = [frame.pts * frame.time_base for frame in container.decode(video=0)]
        stated = container.streams.video[0].average_rate
    assert times == [number / rate for number in range(120)]
    assert stated == rate


def test_frames_that_share_a_millisecond_keep_their_order(tmp_path: Path) -> None:
    times = [0.0, 0.04, 0.0402, 0.0404, 0.08, 0.12]
    found = read(written(tmp_path / "clip.mkv", times))
    assert all(one < other for one, other in pairwise(found))
    assert distance(found, times) <= 0.0021


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([5.0, 5.04, 5.5, None, 5.6], [0, 0.04, 0.5, 0.54, 0.6]),
        ([None, None, 7.0, 7.04], [0, 0.04, 0.08, 0.12]),
        ([0.0, 0.04, None, None, 0.06, 0.2], [0, 0.04, 0.08, 0.12, 0.121, 0.2]),
        ([5.0, 5.04, 2.0, 2.04, 2.5], [0, 0.04, 0.08, 0.12, 0.58]),  # a clock that was set back is followed
        ([5.0, 5.04, 2.0, 5.12, 5.16], [0, 0.04, 0.08, 0.12, 0.16]),  # one stamp alone moves no other frame
        ([5.0, 5.04, 5.04, 5.12], [0, 0.04, 0.08, 0.12]),
    ],
)
def test_missing_and_backward_times(given: list[float | None], expected: list[float]) -> None:
    clock = FrameClock(1000, Fraction(25))
    assert [clock.ticks(time_s) / 1000 for time_s in given] == expected


def test_the_clock_of_an_odd_rate_is_neither_coarse_nor_too_fine() -> None:
    for rate in (Fraction(1), Fraction(24_873, 1000), Fraction(7, 3), Fraction(998_999, 1000), Fraction(120)):
        assert 30_000 <= ticks_per_second(rate) <= 60_000


def test_mp4_refuses_a_pause_that_it_cannot_hold_and_matroska_holds_it(tmp_path: Path) -> None:
    times = [0.0, 0.04, 240 * HOUR, 240 * HOUR + 0.04]
    with pytest.raises(SinkError, match=r"240\.0 hours later"):
        written(tmp_path / "clip.mp4", times)
    assert read(tmp_path / "clip.mp4") == pytest.approx(times[:2])
    assert read(written(tmp_path / "clip.mkv", times)) == pytest.approx(times)


@pytest.mark.parametrize(("suffix", "files"), [(".mp4", [3, 4]), (".mkv", [7])])
def test_a_recording_goes_on_in_a_new_file_after_such_a_pause(tmp_path: Path, suffix: str, files: list[int]) -> None:
    writer = SegmentWriter(tmp_path / f"clip{suffix}")
    writer.open(session())
    for number in range(7):
        image = np.zeros((64, 96, 3), np.uint8)
        writer.write(record(image, number, number / 25 + (0 if number < 3 else 30 * HOUR)))
    writer.close()
    assert [len(read(path)) for path in writer.files] == files


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), "1.5"])
def test_a_time_that_is_none_is_refused_and_the_video_goes_on(tmp_path: Path, wrong: float) -> None:
    picture = np.full((48, 64, 3), 90, np.uint8)
    with VideoWriter(tmp_path / "clip.mp4") as video:
        video.write(picture, 0.0)
        with pytest.raises(ConfigError, match="pts_s is"):
            video.write(picture, wrong)
        video.write(picture, 0.5)
    assert read(tmp_path / "clip.mp4") == pytest.approx([0.0, 0.5])
