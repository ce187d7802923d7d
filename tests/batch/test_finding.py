"""Which files of an archive are recordings, and what their folders of results are called."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from polyplive.batch.finding import find_recordings
from polyplive.batch.recording import KEY_FILE, as_recordings, read_key
from polyplive.errors import SourceNotFound

DICOM = b"\0" * 128 + b"DICM"
TRANSPORT = (b"G" + b"\0" * 187) * 3


def put(path: Path, data: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def places(root: Path, out: str = "out") -> list[str]:
    return [each.place for each in find_recordings([root], root / out).found]


def test_names_and_beginnings_say_what_is_a_recording(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    for name in ("a.MP4", "b.mkv", "deep/er/c.ts"):
        put(root / name)
    put(root / "IM0001", DICOM)
    put(root / "d.bin", TRANSPORT)
    put(root / "e.unknown", b"\0\0\0\x20ftypisom")
    for name in ("f.jpg", "g.txt", ".hidden.mp4", ".folder/h.mp4", "i.mp4.part", "out/k.mp4", "l.bin", "m.json"):
        put(root / name)
    found = {each.place: each.is_certain for each in find_recordings([root], root / "out").found}
    assert found == {
        "archive/a.MP4": True,
        "archive/b.mkv": True,
        "archive/d.bin": False,
        "archive/deep/er/c.ts": True,
        "archive/e.unknown": False,
        "archive/IM0001": False,
    }


def test_they_come_in_the_order_in_which_people_count(tmp_path: Path) -> None:
    for name in ("clip10.mp4", "clip9.mp4", "Clip1.mp4", "b2/1.mp4", "b10/1.mp4"):
        put(tmp_path / "r" / name)
    assert [place.removeprefix("r/") for place in places(tmp_path / "r")] == [
        "b2/1.mp4", "b10/1.mp4", "Clip1.mp4", "clip9.mp4", "clip10.mp4",
    ]  # fmt: skip


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_links_in_a_circle_end_and_each_file_is_taken_once(tmp_path: Path) -> None:
    root = tmp_path / "r"
    clip = put(root / "a" / "clip.mp4")
    (root / "a" / "up").symlink_to(root)
    (root / "again").symlink_to(root / "a")
    (root / "same.mp4").hardlink_to(clip)
    (root / "other").symlink_to(tmp_path / "elsewhere")
    put(tmp_path / "elsewhere" / "far.mp4")
    (root / "nowhere.mp4").symlink_to(root / "gone")
    assert places(root) == ["r/a/clip.mp4", "r/nowhere.mp4", "r/other/far.mp4"]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound, match="There is no"):
        find_recordings([tmp_path / "none"], tmp_path / "out")


def test_two_of_the_same_name_do_not_meet_and_no_name_says_where_a_file_lay(tmp_path: Path) -> None:
    for place in ("DOE JOHN/video.mp4", "ROE JANE/video.mp4", "ROE JANE/video.mkv"):
        put(tmp_path / "r" / place)
    key = read_key(tmp_path / "out")
    found = find_recordings([tmp_path / "r"], tmp_path / "out").found
    names = [each.name for each in as_recordings(found, key)]
    assert len(set(names)) == 3
    assert all(name.startswith("video-") and len(name) == len("video-") + 10 for name in names)
    assert names[1:] == [each.name for each in as_recordings(found[1:], key)], "whatever else is there"
    assert read_key(tmp_path / "out") == key
    assert names != [each.name for each in as_recordings(found, "another key")]
    if os.name != "nt":
        assert (tmp_path / "out" / KEY_FILE).stat().st_mode & 0o777 == 0o600


def test_an_archive_that_moved_keeps_its_names_and_two_folders_of_one_name_do_not_meet(tmp_path: Path) -> None:
    for root in ("here/archive", "there/archive"):
        put(tmp_path / root / "case" / "video.mp4")
    here, there = (tmp_path / root / "archive" for root in ("here", "there"))
    of = {
        roots: [each.name for each in as_recordings(find_recordings(roots, tmp_path / "out").found, "key")]
        for roots in ((here,), (there,), (here, there))
    }
    assert of[here,] == of[there,]
    assert of[here, there][0] == of[here,][0] != of[here, there][1]
