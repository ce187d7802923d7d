"""A recording in several files: when a new one begins, what it is called, and that nothing else is overwritten."""

from __future__ import annotations

import dataclasses
import statistics
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from clipmaker import numbered
from sink_rig import record, session

from polyplive.sinks.h264 import exact
from polyplive.sinks.segments import SegmentSettings, SegmentWriter, may_be_segment, segment_path
from polyplive.sinks.video import VideoSink
from polyplive.types import Tally

NO_LIMIT = SegmentSettings(free_mib=0)
SMALL, WIDE = (96, 64), (160, 80)


def write(sink: VideoSink | SegmentWriter, sizes: list[tuple[int, int]]) -> None:
    """One picture of each of ``sizes``, at 25 frames a second."""
    sink.open(session())
    for number, size in enumerate(sizes):
        sink.write(record(numbered(number, *size), number, number / 25))
    sink.end(Tally(len(sizes), len(sizes), {}), "end of file")
    sink.close()


def replayed(path: Path) -> SegmentWriter:
    """As ``replay --record`` makes it."""
    return SegmentWriter(path, NO_LIMIT, encoder_for=exact, listed=False)


def contents(path: Path) -> tuple[tuple[int, int], list[float]]:
    with av.open(str(path)) as video:
        stream = video.streams.video[0]
        times = [float(frame.pts * frame.time_base) for frame in video.decode(stream)]
        return (stream.width, stream.height), times


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_new_file_begins_where_the_size_changes(suffix: str, tmp_path: Path) -> None:
    sink = replayed(tmp_path / f"out{suffix}")
    write(sink, [SMALL] * 10 + [WIDE] * 7 + [SMALL] * 5)
    assert [path.name for path in sink.files] == [f"out{suffix}", f"out-002{suffix}", f"out-003{suffix}"]
    assert sorted(tmp_path.iterdir()) == sorted(sink.files)
    for path, size, count in zip(sink.files, (SMALL, WIDE, SMALL), (10, 7, 5), strict=True):
        assert contents(path) == (size, pytest.approx([number / 25 for number in range(count)], abs=0.001))


def test_a_recording_of_one_size_is_one_file_of_the_bytes_of_one_without_segments(tmp_path: Path) -> None:
    """Each is written three times: under load x264 codes one in some hundreds otherwise (``sinks.h264.EXACT``)."""
    made: dict[str, list[bytes]] = {"replayed": [], "plain": []}
    for _ in range(3):
        write(replayed(tmp_path / "replayed.mp4"), [SMALL] * 12)
        write(VideoSink(tmp_path / "plain.mp4"), [SMALL] * 12)
        assert len(list(tmp_path.iterdir())) == 2
        for name, files in made.items():
            files.append((tmp_path / f"{name}.mp4").read_bytes())
    usual, plain = (statistics.mode(files) for files in made.values())
    assert usual == plain


def test_a_new_file_begins_where_the_shape_of_pixels_changes(tmp_path: Path) -> None:
    sink = replayed(tmp_path / "out.mp4")
    sink.open(session())
    for number, aspect in enumerate([Fraction(1)] * 3 + [Fraction(12, 11)] * 3):
        item = record(numbered(number), number, number / 25)
        sink.write(dataclasses.replace(item, frame=dataclasses.replace(item.frame, sample_aspect=aspect)))
    sink.close()
    assert [len(contents(path)[1]) for path in sink.files] == [3, 3]


@pytest.mark.parametrize("listed", [False, True])
def test_no_file_is_overwritten_but_the_one_that_was_named(listed: bool, tmp_path: Path) -> None:
    (tmp_path / "out.mp4").write_text("an earlier recording, named again")
    (tmp_path / "out-002.mp4").write_text("nobody named this")
    (tmp_path / "out-003.mp4").symlink_to("nowhere")
    (tmp_path / "out-004.frames.csv").write_text("a list without its video")
    sink = SegmentWriter(tmp_path / "out.mp4", NO_LIMIT, encoder_for=exact, listed=listed)
    write(sink, [SMALL] * 3 + [WIDE] * 3)
    last = "out-005.mp4" if listed else "out-004.mp4"
    assert [path.name for path in sink.files] == ["out.mp4", last]
    assert [len(contents(path)[1]) for path in sink.files] == [3, 3]
    assert (tmp_path / "out-002.mp4").read_text() == "nobody named this"
    assert (tmp_path / "out-003.mp4").is_symlink()
    assert (tmp_path / "out-004.frames.csv").read_text() == "a list without its video"


def test_numbered_files_of_an_earlier_session_are_kept(tmp_path: Path) -> None:
    for _ in range(2):
        sink = SegmentWriter(tmp_path / "out.mp4", SegmentSettings(60.0, free_mib=0), encoder_for=exact)
        write(sink, [SMALL] * 3)
    assert [path.name for path in sink.files] == ["out-002.mp4"]
    assert contents(tmp_path / "out-001.mp4") == contents(tmp_path / "out-002.mp4")


@pytest.mark.parametrize("letter", ["a", "ä", "結"])
def test_the_longest_name_has_later_files_too(letter: str, tmp_path: Path) -> None:
    size = len(letter.encode())
    name = letter * ((255 - 4) // size) + ".mp4"
    sink = replayed(tmp_path / name)
    write(sink, [SMALL] * 3 + [WIDE] * 3)
    first, second = sink.files
    assert first.name == name
    assert second.stem.endswith("-002")
    assert first.stem.startswith(second.stem.removesuffix("-002"))
    assert [len(contents(path)[1]) for path in sink.files] == [3, 3]


def test_without_a_frame_there_is_no_file(tmp_path: Path) -> None:
    sink = replayed(tmp_path / "out.mp4")
    write(sink, [])
    assert (sink.files, list(tmp_path.iterdir())) == ((), [])


def test_which_names_a_later_file_may_have(tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    names = ["out-002.mp4", "out-1000.mp4", "out.mp4", "out-02.mp4", "out-002.mkv", "other-002.mp4", "sub/out-002.mp4"]
    assert [name for name in names if may_be_segment(tmp_path / name, out)] == names[:2]
    assert segment_path(Path("a.b%d:c.mkv"), 2) == Path("a.b%d:c-002.mkv")
    assert segment_path(Path("-.mp4"), 12) == Path("--012.mp4")


def test_pictures_reach_their_files(tmp_path: Path) -> None:
    sink = replayed(tmp_path / "out.mkv")
    write(sink, [SMALL, WIDE, WIDE])
    with av.open(str(sink.files[1])) as video:
        pictures = [frame.to_ndarray(format="bgr24") for frame in video.decode(video=0)]
    for number, picture in enumerate(pictures, start=1):
        assert np.abs(picture.astype(int) - numbered(number, *WIDE)).mean() < 6
