"""The list of a video's frames: whatever ends the recording, it names no frame that the video does not hold."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import av
import pytest
from clipmaker import number_in, numbered
from sink_rig import record, record_until_killed, session

from polyplive.sinks.video import VideoSink
from polyplive.types import Tally

ALL = (".mp4", ".mov", ".mkv")
HERE = Path(__file__).parent


def listed(path: Path) -> list[int]:
    with path.with_suffix(".frames.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [int(row["frame"]) for row in rows] == list(range(len(rows)))
    return [int(row["index"]) for row in rows]


def held(path: Path) -> list[int]:
    """The numbers painted into the frames that can be decoded."""
    numbers = []
    with av.open(str(path)) as container:
        try:
            for frame in container.decode(video=0):
                numbers.append(number_in(frame.to_ndarray(format="bgr24")))
        except av.error.InvalidDataError:
            pass  # the fragment that was being written
    return numbers


@pytest.mark.parametrize("suffix", ALL)
def test_a_whole_recording_lists_every_frame(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"clip{suffix}"
    sink = VideoSink(path, listed=True)
    sink.open(session())
    for index in range(100):
        sink.write(record(numbered(index), index, index / 25))
    sink.end(Tally(100, 100, {}), "end of file")
    sink.close()
    assert listed(path) == held(path) == list(range(100))


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
@pytest.mark.parametrize("suffix", ALL)
def test_of_a_killed_recording_no_frame_is_listed_that_the_video_lacks(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"killed{suffix}"
    record_until_killed(path, listed=True)
    indices, numbers = listed(path), held(path)
    assert len(indices) >= 100
    assert numbers[: len(indices)] == indices


FULL = """
import resource, signal, sys
import numpy as np
from clipmaker import numbered
from sink_rig import record, session
from polyplive.errors import SinkError
from polyplive.sinks.video import VideoSink
room = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
rng = np.random.default_rng(0)
sink = VideoSink(sys.argv[1], listed=True)
sink.open(session())
try:
    for index in range(2000):
        image = numbered(index % 4096)
        image[32:] = rng.integers(0, 256, image[32:].shape, np.uint8)
        sink.write(record(image, index, index / 25))
except SinkError as error:
    sink.close()
    sys.exit(str(error))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
@pytest.mark.parametrize("suffix", ALL)
def test_on_a_full_disk_no_frame_is_listed_that_the_video_lacks(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"full{suffix}"
    code = f"import sys; sys.path[:0] = [{str(HERE)!r}, {str(HERE.parent)!r}]\n" + FULL
    command = [sys.executable, "-c", code, str(path), "600000"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "No room left" in done.stderr
    indices = listed(path)
    assert len(indices) >= 25
    assert len(held(path)) >= len(indices)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_video_that_held_nothing_leaves_no_list(tmp_path: Path) -> None:
    code = f"import sys; sys.path[:0] = [{str(HERE)!r}, {str(HERE.parent)!r}]\n" + FULL
    command = [sys.executable, "-c", code, str(tmp_path / "clip.mp4"), "100"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "No room left" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("composed", [True, False])
def test_video_and_list_are_for_their_owner_alone_and_through_no_link(tmp_path: Path, composed: bool) -> None:
    path, victim = tmp_path / "clip.mp4", tmp_path / "victim"
    victim.write_text("precious")
    path.symlink_to(victim)
    path.with_suffix(".frames.csv").symlink_to(victim)
    sink = VideoSink(path, composed=composed, listed=True)
    sink.open(session())
    sink.write(record(numbered(0), 0, 0.0))
    sink.close()
    assert victim.read_text() == "precious"
    for made in (path, path.with_suffix(".frames.csv")):
        assert not made.is_symlink()
        assert made.stat().st_mode & 0o777 == 0o600
