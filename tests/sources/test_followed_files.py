"""Files that are still being written: they play what is there, and go on as more comes."""

from __future__ import annotations

import os
import random
import threading
import time
from typing import TYPE_CHECKING

import pytest
from clipmaker import number_in, write_clip
from growing_clip import PATIENCE_S, Recorder

from polyplive.errors import SourceNotFound, SourceRefused, SourceUnreadable
from polyplive.sources.file import FileSource
from polyplive.sources.reading.followed import FollowedSource

if TYPE_CHECKING:
    from pathlib import Path

FRAMES = 60
FPS = 25
B_FRAMES = {"options": {"bf": "2", "g": "12"}}
FRAGMENTS = {"container_options": {"movflags": "frag_keyframe+empty_moov"}}
MJPEG = {"codec": "mjpeg", "pix_fmt": "yuvj420p"}
KINDS = {
    "transport stream": ("a.ts", FRAMES, B_FRAMES),
    "Matroska": ("a.mkv", FRAMES, B_FRAMES),
    "MP4 in fragments": ("a.mp4", FRAMES, {**B_FRAMES, **FRAGMENTS}),
    "MJPEG in fragments": ("a.mov", FRAMES, {**MJPEG, **FRAGMENTS}),
    "FLV": ("a.flv", 200, B_FRAMES),  # FFmpeg looks at five seconds before it begins
    "MJPEG in AVI": ("a.avi", FRAMES, MJPEG),
    "MPEG-4 in AVI": ("b.avi", FRAMES, {"codec": "mpeg4", **B_FRAMES}),
    "program stream": ("a.mpg", 200, {"codec": "mpeg2video", **B_FRAMES}),
    "raw H.264": ("a.h264", FRAMES, B_FRAMES),
}


@pytest.fixture
def clip(tmp_path: Path) -> bytes:
    return write_clip(tmp_path / "whole.mkv", FRAMES, **B_FRAMES).read_bytes()


def frames_of(source: FileSource) -> list[tuple[int, int, float]]:
    """Of each frame the index, the number in its picture, and its time in microseconds."""
    return [(frame.index, number_in(frame.image), round(frame.pts_s * 1e6)) for frame in source]


def unfinished_avi(data: bytes) -> bytes:
    """With the sizes that stand in the headers of an AVI while it is written."""
    place = data.index(b"movi")
    return data[:4] + b"\xff" * 4 + data[8 : place - 4] + b"\xff" * 4 + data[place:]


@pytest.mark.parametrize("kind", KINDS)
def test_a_growing_file_gives_what_the_whole_file_gives(kind: str, tmp_path: Path) -> None:
    name, count, settings = KINDS[kind]
    data = write_clip(tmp_path / name, count, **settings).read_bytes()
    with FileSource(tmp_path / name) as whole:
        expected = frames_of(whole)
    growing = tmp_path / f"growing-{name}"
    data = unfinished_avi(data) if name.endswith(".avi") else data
    with Recorder(growing, data, most=len(data) // 40) as recorder, FollowedSource(growing, PATIENCE_S) as source:
        recorder.then(source.finish)
        assert frames_of(source) == expected
        assert source.dropped == {}
        assert source.duration_s == pytest.approx(count / FPS)
        source.seek(1.0)
        assert next(iter(source)).index == FPS


@pytest.mark.parametrize("kind", ["transport stream", "Matroska", "MP4 in fragments", "program stream"])
def test_seeks_in_a_growing_file_are_exact_and_playing_goes_on_behind_them(kind: str, tmp_path: Path) -> None:
    name, count, settings = KINDS[kind]
    data = write_clip(tmp_path / name, count, **settings).read_bytes()
    growing, chance = tmp_path / f"growing-{name}", random.Random(1)
    following = newest = 0
    times_s: dict[int, float] = {}
    with (
        Recorder(growing, data, there=1000, most=len(data) // 80) as recorder,
        FollowedSource(growing, PATIENCE_S) as source,
    ):
        recorder.then(source.finish)
        while (frame := source.read()) is not None:
            assert frame.index == number_in(frame.image) == following
            assert frame.pts_s == times_s.setdefault(frame.index, frame.pts_s)
            following, newest = following + 1, max(newest, frame.index)
            if chance.random() < 0.15:
                wanted = chance.randrange(newest + 1)
                if chance.random() < 0.5:
                    source.interrupt()
                    assert source.read() is None
                source.seek(times_s[wanted])
                following = wanted
        source.seek(1e9)
        assert source.read().index == count - 1
    assert following == count


def test_a_seek_ahead_of_what_is_there_goes_to_its_end(clip: bytes, tmp_path: Path) -> None:
    path = tmp_path / "growing.mkv"
    path.write_bytes(clip[: len(clip) * 2 // 3])
    with FollowedSource(path, PATIENCE_S) as source:
        assert source.info.frames is None
        assert source.info.duration_s is None
        source.seek(1e9)
        newest = source.read()
        assert 10 < newest.index == number_in(newest.image) < FRAMES - 10
        with path.open("ab") as file:
            file.write(clip[len(clip) * 2 // 3 :])
        source.finish()
        assert [frame.index for frame in source] == list(range(newest.index + 1, FRAMES))


def test_a_file_that_does_not_grow_for_a_while_has_ended(clip: bytes, tmp_path: Path) -> None:
    path = tmp_path / "finished.mkv"
    path.write_bytes(clip)
    began = time.monotonic()
    with FollowedSource(path, 0.4) as source:
        assert [frame.index for frame in source] == list(range(FRAMES))
        assert source.read() is None
    assert time.monotonic() - began >= 0.4


def test_a_wait_is_interrupted_at_once_and_a_seek_goes_on(clip: bytes, tmp_path: Path) -> None:
    path = tmp_path / "growing.mkv"
    path.write_bytes(clip[: len(clip) * 2 // 3])
    given: list[int] = []
    with FollowedSource(path, PATIENCE_S) as source:
        reader = threading.Thread(target=lambda: given.extend(frame.index for frame in source))
        reader.start()
        while len(given) < FRAMES // 3:
            time.sleep(0.01)
        began = time.monotonic()
        source.interrupt()
        reader.join(PATIENCE_S)
        assert time.monotonic() - began < PATIENCE_S / 2
        assert source.read() is None
        source.seek(given[-1] / FPS)
        with path.open("ab") as file:
            file.write(clip[len(clip) * 2 // 3 :])
        source.finish()
        assert [frame.index for frame in source] == list(range(given[-1], FRAMES))
        assert source.dropped == {}


def test_damage_in_a_growing_file_costs_its_own_frames(tmp_path: Path) -> None:
    data = bytearray(write_clip(tmp_path / "whole.avi", FRAMES, **MJPEG).read_bytes())
    pictures = [at for at in range(len(data)) if data[at : at + 3] == b"\xff\xd8\xff"]
    for hurt in (20, 40):
        data[pictures[hurt] + 2 : pictures[hurt + 1] - 10] = bytes(pictures[hurt + 1] - pictures[hurt] - 12)
    growing = tmp_path / "growing.avi"
    with Recorder(growing, unfinished_avi(bytes(data))) as recorder, FollowedSource(growing, PATIENCE_S) as source:
        recorder.then(source.finish)
        found = [(frame.index, number_in(frame.image)) for frame in source]
        assert found == [(number, number) for number in range(FRAMES) if number not in (20, 40)]
        assert source.dropped == {"damaged": 2}


@pytest.mark.parametrize("what", ["shorter", "replaced"])
def test_a_file_that_is_cut_or_replaced_ends_in_one_line(what: str, clip: bytes, tmp_path: Path) -> None:
    path, other = tmp_path / "growing.mkv", tmp_path / "other.mkv"
    path.write_bytes(clip)
    with FollowedSource(path, PATIENCE_S) as source:
        for _ in range(FRAMES // 2):
            source.read()
        if what == "shorter":
            os.truncate(path, 100)
        else:
            other.write_bytes(clip)
            other.replace(path)
        with pytest.raises(SourceUnreadable, match=r"growing\.mkv' (became shorter|was replaced)") as caught:
            for _ in source:
                pass
        assert "\n" not in str(caught.value)


def test_a_file_that_is_deleted_plays_to_its_end(clip: bytes, tmp_path: Path) -> None:
    path = tmp_path / "growing.mkv"
    path.write_bytes(clip[: len(clip) // 2])
    with FollowedSource(path, PATIENCE_S) as source, path.open("ab") as recorder:
        source.read()
        path.unlink()
        recorder.write(clip[len(clip) // 2 :])
        recorder.flush()
        source.finish()
        assert [frame.index for frame in source] == list(range(1, FRAMES))


def test_what_cannot_be_followed_is_refused_in_one_line(tmp_path: Path) -> None:
    ordinary = write_clip(tmp_path / "ordinary.mp4", FRAMES)
    data = ordinary.read_bytes()
    unfinished = tmp_path / "unfinished.mp4"
    place = data.index(b"mdat")
    unfinished.write_bytes(data[: place - 4] + bytes(4) + data[place : data.index(b"moov") - 4])
    with pytest.raises(SourceRefused, match="cannot be followed: an ordinary MP4"):
        FollowedSource(unfinished, PATIENCE_S)
    with pytest.raises(SourceNotFound, match="There is no file"):
        FollowedSource(tmp_path / "none.mkv", PATIENCE_S)
    empty = tmp_path / "empty.mkv"
    empty.touch()
    with pytest.raises(SourceUnreadable, match="is empty"):
        FollowedSource(empty, 0.1)
    with FollowedSource(ordinary, 0.1) as finished:
        assert len(frames_of(finished)) == FRAMES


def test_a_file_may_begin_empty(clip: bytes, tmp_path: Path) -> None:
    growing = tmp_path / "growing.mkv"
    with Recorder(growing, clip, most=200) as recorder, FollowedSource(growing, PATIENCE_S) as source:
        recorder.then(source.finish)
        assert len(frames_of(source)) == FRAMES
