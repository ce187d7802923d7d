"""The recorder: what is in its files, and what is left when it ends badly."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from pathlib import Path

import av
import numpy as np
import pytest
from clipmaker import number_in, numbered
from sink_rig import record, record_until_killed, session

from polyplive import RESEARCH_NOTICE
from polyplive.errors import SinkError
from polyplive.sinks.video import VideoSink
from polyplive.types import Tally

ALL = [".mp4", ".mov", ".mkv"]


def recorded(path: Path, images: list[np.ndarray], times: list[float | None]) -> Path:
    sink = VideoSink(path)
    assert sink.wants_composite
    sink.open(session())
    for index, (image, pts_s) in enumerate(zip(images, times, strict=True)):
        sink.write(record(image, index, pts_s))
    sink.end(Tally(len(images), len(images), {}), "end of file")
    sink.close()
    sink.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "video encoder"]
    return path


def decoded(path: Path) -> list[av.VideoFrame]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


@pytest.mark.parametrize("suffix", ALL)
def test_every_frame_is_there_in_order(tmp_path: Path, suffix: str) -> None:
    path = recorded(tmp_path / f"clip{suffix}", [numbered(n) for n in range(70)], [n / 25 for n in range(70)])
    frames = decoded(path)
    assert [number_in(frame.to_ndarray(format="bgr24")) for frame in frames] == list(range(70))
    assert [float(frame.time) for frame in frames] == pytest.approx([n / 25 for n in range(70)], abs=6e-4)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert (frames[0].colorspace, frames[0].color_range) == (1, 1)
        said = {key.lower(): text for key, text in container.metadata.items()}
        assert said["comment"] == RESEARCH_NOTICE, "it is burned into no picture"


def test_colours_come_back(tmp_path: Path) -> None:
    image = np.empty((64, 96, 3), np.uint8)
    image[:, :48], image[:, 48:] = (40, 80, 210), (200, 190, 60)
    (frame,) = decoded(recorded(tmp_path / "colour.mp4", [image], [0.0]))
    back = frame.reformat(format="bgr24", src_colorspace=1, src_color_range=1).to_ndarray()
    for column in (20, 76):
        assert back[32, column].astype(int) == pytest.approx(image[32, column].astype(int), abs=5)


def test_variable_times_are_kept_and_missing_ones_filled_in(tmp_path: Path) -> None:
    times = [5.0, 5.04, 5.5, None, 5.6, 2.0, 2.04]
    frames = decoded(recorded(tmp_path / "clip.mp4", [numbered(n) for n in range(len(times))], times))
    assert [float(frame.time) for frame in frames] == pytest.approx([0, 0.04, 0.5, 0.54, 0.6, 0.64, 0.68], abs=1e-3)


@pytest.mark.parametrize(("size", "stored"), [((1, 1), (16, 16)), ((97, 63), (98, 64)), ((16, 500), (16, 500))])
def test_any_size_is_padded_to_even_sides(tmp_path: Path, size: tuple[int, int], stored: tuple[int, int]) -> None:
    image = np.full((size[1], size[0], 3), 128, np.uint8)
    frames = decoded(recorded(tmp_path / "clip.mp4", [image] * 3, [0.0, 0.1, 0.2]))
    assert [(frame.width, frame.height) for frame in frames] == [stored] * 3


def test_a_change_of_size_ends_the_file_with_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    sink = VideoSink(path)
    sink.open(session())
    for n in range(30):
        sink.write(record(numbered(n), n, n / 25))
    sink.write(record(np.zeros((32, 32, 3), np.uint8), 30, 1.2))
    with pytest.raises(SinkError, match="changed from 96x64 to 32x32"):
        sink.end(Tally(31, 31, {}), "end of file")
    sink.close()
    assert len(decoded(path)) == 30


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("clip.avi", "Use .mp4, .mov, .mkv"),
        ("clip", "Use .mp4"),
        ("no/folder/clip.mp4", "no folder"),
        ("d.mp4", "folder"),
    ],
)
def test_a_path_that_cannot_be_recorded_is_refused_at_once(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "d.mp4").mkdir()
    sink = VideoSink(tmp_path / name)
    with pytest.raises(SinkError, match=said):
        sink.open(session())
    sink.close()


def test_closing_without_an_end_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "clip.mkv"
    sink = VideoSink(path)
    sink.open(session())
    for n in range(10):
        sink.write(record(numbered(n), n, None))
    sink.close()
    assert len(decoded(path)) == 10


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
@pytest.mark.parametrize("suffix", ALL)
def test_a_killed_recorder_leaves_a_file_that_plays(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"killed{suffix}"
    record_until_killed(path, listed=False)
    numbers = []
    with av.open(str(path)) as container:
        try:
            for frame in container.decode(video=0):
                numbers.append(number_in(frame.to_ndarray(format="bgr24")))
        except av.error.InvalidDataError:
            assert len(numbers) > 50, "only the fragment that was being written may be damaged"
    assert numbers[:100] == list(range(100))


FULL = """
import resource, signal, sys
import numpy as np
from sink_rig import record, session
from polyplive.errors import SinkError
from polyplive.sinks.video import VideoSink
room = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
rng = np.random.default_rng(0)
sink = VideoSink(sys.argv[1])
sink.open(session())
try:
    for index in range(2000):
        sink.write(record(rng.integers(0, 256, (64, 96, 3), np.uint8), index, index / 25))
except SinkError as error:
    sink.close()
    sys.exit(str(error))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
@pytest.mark.parametrize("suffix", ALL)
def test_with_no_room_left_the_part_before_plays_to_its_end(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"full{suffix}"
    here = Path(__file__).parent
    code = f"import sys; sys.path[:0] = [{str(here)!r}, {str(here.parent)!r}]\n" + FULL
    done = subprocess.run(
        [sys.executable, "-c", code, str(path), "1000000"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith("No room left to write")
    assert "what was written so far is kept" in done.stderr
    assert len(decoded(path)) >= 25


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
@pytest.mark.parametrize("room", ["100", "1500", "40000"])
@pytest.mark.parametrize("suffix", ALL)
def test_with_no_room_for_one_second_nothing_useless_is_left(tmp_path: Path, suffix: str, room: str) -> None:
    path = tmp_path / f"full{suffix}"
    here = Path(__file__).parent
    code = f"import sys; sys.path[:0] = [{str(here)!r}, {str(here.parent)!r}]\n" + FULL
    done = subprocess.run([sys.executable, "-c", code, str(path), room], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith("No room left to write")
    if path.exists():
        assert "what was written so far is kept" in done.stderr
        assert decoded(path)
    else:
        assert "too little was written to be kept" in done.stderr


@pytest.mark.parametrize("pts_s", [1e15, -1e15])
def test_a_time_stamp_that_no_clock_holds_is_an_error_and_no_hang(tmp_path: Path, pts_s: float) -> None:
    """It ends, within the test's patience: more frames than the queue holds are written after it."""
    sink = VideoSink(tmp_path / "out.mp4")
    sink.open(session())
    with contextlib.suppress(SinkError):
        for number in range(40):
            sink.write(record(numbered(number), number, pts_s if number == 2 else number / 25))
    with contextlib.suppress(SinkError):
        sink.close()


def test_an_absurd_average_rate_records_all_the_same(tmp_path: Path) -> None:
    sink = VideoSink(tmp_path / "out.mp4", fps=1e-14)
    sink.open(session())
    for number in range(5):
        sink.write(record(numbered(number), number, number / 25))
    sink.end(Tally(5, 5, {}), "end of file")
    sink.close()
    assert len(decoded(tmp_path / "out.mp4")) == 5


@pytest.mark.parametrize("suffix", ALL)
def test_a_video_that_lost_its_place_is_no_success(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"clip{suffix}"
    first = VideoSink(path)
    first.open(session())
    second = VideoSink(path)
    second.open(session())
    first.write(record(numbered(0), 0, 0.0))
    with pytest.raises(SinkError, match="removed or replaced"):
        first.end(Tally(1, 1, {}), "end of file")
    first.close()
    second.write(record(numbered(7), 0, 0.0))
    second.end(Tally(1, 1, {}), "end of file")
    second.close()
    assert [number_in(frame.to_ndarray(format="bgr24")) for frame in decoded(path)] == [7]
