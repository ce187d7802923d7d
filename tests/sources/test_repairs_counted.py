"""What is repaired in a file's times is counted: by frames, and once where a clock starts again."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import pytest
from clipmaker import write_clip

from polyplive.sources.file import FileSource

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FRAMES = 60


def restamped(source: Path, target: Path, stamp: Callable[[int, int], tuple[int, int]]) -> Path:
    """The same packets in ``target``; ``stamp`` gives PTS and DTS in milliseconds from place and PTS."""
    with av.open(str(source)) as read, av.open(str(target), "w") as written:
        old = read.streams.video[0]
        new = written.add_stream_from_template(old)
        place = 0
        for packet in read.demux(old):
            if packet.size:
                pts = round(float(packet.pts * packet.time_base) * 1000)
                packet.time_base, packet.stream = Fraction(1, 1000), new
                packet.pts, packet.dts = stamp(place, pts)
                written.mux(packet)
                place += 1
    return target


def repaired(path: Path) -> list[int]:
    with FileSource(path) as source:
        frames = list(source)
        assert [frame.index for frame in frames] == list(range(len(frames)))
        assert [frame.pts_s for frame in frames] == pytest.approx([number / 25 for number in range(len(frames))])
        flagged = [frame.index for frame in frames if frame.is_repaired]
        assert source.repaired == len(flagged)
    return flagged


def test_decoding_times_count_where_they_stood_with_another_frame(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", FRAMES, options={"bf": "2", "g": "12", "b_strategy": "0"})
    wrong = restamped(clip, tmp_path / "wrong.mkv", lambda place, pts: (place * 40, place * 40))
    assert 0.5 * FRAMES < len(repaired(wrong)) < FRAMES
    assert repaired(clip) == []


def test_a_clock_that_was_set_counts_once(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", FRAMES, options={"bf": "0"})

    def late(place: int, pts: int) -> tuple[int, int]:
        return (pts + 7_200_000 * (place >= 30),) * 2

    assert repaired(restamped(clip, tmp_path / "set.ts", late)) == [30]


def test_a_joined_recording_counts_once_for_each_joint(tmp_path: Path) -> None:
    part = write_clip(tmp_path / "a.ts", FRAMES, options={"bf": "0"}).read_bytes()
    joined = tmp_path / "joined.ts"
    joined.write_bytes(part * 3)
    assert repaired(joined) == [FRAMES, 2 * FRAMES]
