"""A long video's list of packets is kept, and is the same from the disk; anything doubtful is listed again."""

from __future__ import annotations

import os
import time
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from clipmaker import number_in, write_clip

from polyplive.sources.file import FileSource
from polyplive.sources.reading import kept_indices, known_indices
from polyplive.sources.reading.decoder import Decoder
from polyplive.sources.reading.kept_indices import Listed, VideoState, keep, read_kept
from polyplive.sources.reading.media import medium_of

if TYPE_CHECKING:
    from pathlib import Path

FRAMES = 40
B_FRAMES = {"preset": "ultrafast", "bf": "2", "g": "10"}
KINDS = {
    "mp4": {"options": B_FRAMES},
    "ts": {"options": B_FRAMES, "container": "mpegts"},
    "webm": {"codec": "libvpx", "options": {"g": "10", "auto-alt-ref": "1", "lag-in-frames": "10"}},
    "avi": {"codec": "mpeg4", "options": {"g": "10", "bf": "2"}},
    "mkv": {"codec": "mpeg4", "options": {"g": "10"}},
}
STATE = VideoState("FileMedium", 1, 2, 3, 4, 5, 1)


@pytest.fixture(autouse=True)
def short_ones_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Clips of a second are kept, in a cache of the test's own; no process before has listed them."""
    monkeypatch.setattr(kept_indices, "FEWEST", 1)
    monkeypatch.setattr(kept_indices, "default_folder", lambda: tmp_path / "cache")
    forget(monkeypatch)


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in another process."""
    monkeypatch.setattr(known_indices, "_KNOWN", known_indices._KnownIndices())


def clip(path: Path, **options: object) -> Path:
    """A clip that was changed some time ago, as far as the clock that files go by can be set."""
    write_clip(path, FRAMES, **options)  # type: ignore[arg-type]
    return path


def listed(path: Path) -> Listed:
    with closing(Decoder(medium_of(path), threads=False)) as decoder:
        return Listed(decoder.index(), decoder.sampled)


def kept(folder: Path) -> list[Path]:
    return sorted((folder / "cache").glob("*"))


def given(path: Path) -> list[tuple[int, int, float | None]]:
    """Every frame, then those behind seeks, each with the number in its picture."""
    with FileSource(path) as source:
        frames = list(source)
        for number in (31, 7, 25):
            source.seek_frame(number)
            frame = source.read()
            assert frame is not None
            frames.append(frame)
        return [(frame.index, number_in(frame.image), frame.pts_s) for frame in frames]


@pytest.mark.parametrize("ending", KINDS)
def test_a_list_from_the_disk_is_the_one_that_was_made(ending: str, tmp_path: Path) -> None:
    made = listed(clip(tmp_path / f"clip.{ending}", **KINDS[ending]))
    assert len(made.index) >= FRAMES
    keep(made, STATE, tmp_path / "cache")
    found = read_kept(STATE, tmp_path / "cache")
    assert found is not None
    assert found.index == made.index
    assert found.sampled == made.sampled


@pytest.mark.parametrize("ending", KINDS)
def test_frames_and_seeks_are_the_same_with_a_list_from_the_disk(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = clip(tmp_path / f"clip.{ending}", **KINDS[ending])
    monkeypatch.setattr(kept_indices, "SETTLED_S", -1.0)
    first = given(path)
    assert len(kept(tmp_path)) == 1
    forget(monkeypatch)
    monkeypatch.setattr(Decoder, "index", lambda _: pytest.fail("the file was listed again"))
    assert given(path) == first


def test_a_changed_file_is_listed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = clip(tmp_path / "clip.mp4")
    monkeypatch.setattr(kept_indices, "SETTLED_S", -1.0)
    with FileSource(path) as source:
        assert source.info.frames == FRAMES
    before = path.stat()
    write_clip(path, FRAMES // 2)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    forget(monkeypatch)
    with FileSource(path) as source:
        assert source.info.frames == FRAMES // 2


def test_a_file_that_has_just_changed_is_not_kept(tmp_path: Path) -> None:
    path = clip(tmp_path / "clip.mp4")
    made, now_ns = listed(path), time.time_ns()
    for state in (replace(STATE, modified_ns=now_ns + 10**9), replace(STATE, changed_ns=now_ns + 10**9)):
        keep(made, state, tmp_path / "cache")
    assert not kept(tmp_path)


@pytest.mark.parametrize("state", [replace(STATE, size=9), replace(STATE, inode=9), replace(STATE, stream=2)])
def test_another_file_has_another_list(state: VideoState, tmp_path: Path) -> None:
    keep(listed(clip(tmp_path / "clip.mp4")), STATE, tmp_path / "cache")
    assert read_kept(state, tmp_path / "cache") is None


@pytest.mark.parametrize("length", [0, 7, 31, 32, 40, -8, -1])
def test_a_list_that_is_cut_short_or_changed_counts_as_none(length: int, tmp_path: Path) -> None:
    keep(listed(clip(tmp_path / "clip.mp4")), STATE, tmp_path / "cache")
    (file,) = kept(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(whole[:length])
    assert read_kept(STATE, tmp_path / "cache") is None
    file.write_bytes(whole[:length] + b"\1" + whole[length:][1:])
    assert read_kept(STATE, tmp_path / "cache") is None


def test_lists_are_private_name_nothing_and_the_oldest_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = listed(clip(tmp_path / "Jane Doe.mp4"))
    keep(made, STATE, tmp_path / "cache")
    (file,) = kept(tmp_path)
    assert file.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o700
    assert b"Jane" not in file.read_bytes() + os.fsencode(file.name)
    monkeypatch.setattr(kept_indices, "MOST_BYTES", int(2.5 * file.stat().st_size))
    os.utime(file, (1, 1))
    for number in (7, 8):
        keep(made, replace(STATE, inode=number), tmp_path / "cache")
    assert len(kept(tmp_path)) == 2
    assert file not in kept(tmp_path)


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = clip(tmp_path / "clip.mp4")
    monkeypatch.setattr(kept_indices, "SETTLED_S", -1.0)
    (tmp_path / "cache").write_text("no folder")
    assert len(given(path)) == FRAMES + 3


def test_short_videos_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_indices, "FEWEST", FRAMES + 1)
    keep(listed(clip(tmp_path / "clip.mp4")), STATE, tmp_path / "cache")
    assert not kept(tmp_path)
