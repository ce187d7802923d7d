"""Pictures that a user saves: in a folder that nothing copies elsewhere, for their owner alone."""

from __future__ import annotations

import datetime
import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from PyQt6.QtGui import QImage

from polyplive.errors import SinkError
from polyplive.gui.session.snapshots import Snapshot, default_folder, save_snapshot
from polyplive.system import atomic_file
from polyplive.system.atomic_file import write_all

if TYPE_CHECKING:
    from io import FileIO

IMAGE = np.zeros((8, 8, 3), np.uint8)
PAIR = Snapshot(IMAGE, IMAGE + 200, {"Software": "polyplive", "Title": "naïve 日本.mp4"})


def clock_at(first: Path) -> type:
    """In the place of ``datetime``: the moment of a picture again."""

    class Clock:
        class datetime:  # noqa: N801
            @staticmethod
            def now() -> object:
                return datetime.datetime.strptime(first.stem[-15:], "%Y%m%d-%H%M%S")

    return Clock


def test_the_default_folder_is_the_programs_own_and_not_among_the_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_PICTURES_DIR", "/home/somebody/Pictures")
    folder = default_folder()
    assert folder.is_absolute()
    assert "polyplive" in folder.parts
    assert "Pictures" not in folder.parts


def test_folder_and_pictures_are_for_their_owner_alone_and_nothing_is_overwritten(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        pairs = [save_snapshot(PAIR, tmp_path / "new", "/home/NAME/clip.mp4", 1.5) for _ in range(3)]
    finally:
        os.umask(before)
    paths = {path for pair in pairs for path in pair}
    assert len(paths) == 6
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in paths} == {0o600}
    assert all(path.name.startswith("clip-") for path in paths)


def test_a_link_planted_at_the_name_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, beside = save_snapshot(PAIR, tmp_path, "clip.mp4", 1.5)
    beside.unlink()
    victim = tmp_path / "victim"
    victim.write_text("precious")
    first.unlink()
    first.symlink_to(victim)
    monkeypatch.setattr("polyplive.gui.session.snapshots.datetime", clock_at(first))
    second, _ = save_snapshot(PAIR, tmp_path, "clip.mp4", 1.5)
    assert (second != first, victim.read_text()) == (True, "precious")


def test_both_pictures_have_one_name_and_say_what_they_are(tmp_path: Path) -> None:
    clean, marked = save_snapshot(PAIR, tmp_path, "clip.mp4", 1.5)
    assert marked.name == f"{clean.stem}-marked.png"
    for path, image in ((clean, PAIR.clean), (marked, PAIR.marked)):
        assert np.array_equal(cv2.imread(str(path)), image)
        read = QImage(str(path))  # a reader of PNG's text that is not ours
        assert {key: read.text(key) for key in PAIR.facts} == PAIR.facts
        assert ("nothing drawn" in read.text("Description")) is (path is clean)


@pytest.mark.parametrize("free", [0, 1])
def test_a_pair_keeps_together_where_one_of_its_names_is_taken(
    free: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = save_snapshot(PAIR, tmp_path, "clip.mp4", 1.5)
    monkeypatch.setattr("polyplive.gui.session.snapshots.datetime", clock_at(pair[0]))
    pair[free].unlink()
    kept = {path: path.read_bytes() for path in tmp_path.iterdir()}
    later = save_snapshot(PAIR, tmp_path, "clip.mp4", 1.5)
    assert [path.name for path in later] == [f"{pair[0].stem}-2.png", f"{pair[0].stem}-2-marked.png"]
    assert {path: path.read_bytes() for path in tmp_path.iterdir() if path not in later} == kept


@pytest.mark.parametrize("written", [0, 1])
def test_where_one_cannot_be_written_neither_is_left(
    written: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full in the middle of a file: first of one, then of the other."""
    whole: list[Path] = []

    def full(file: FileIO, data: bytes) -> None:
        if len(whole) == written:
            file.write(data[: len(data) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        whole.append(tmp_path)
        write_all(file, data)

    monkeypatch.setattr(atomic_file, "write_all", full)
    with pytest.raises(SinkError, match="No space left"):
        save_snapshot(PAIR, tmp_path, "clip.mp4", 1.5)
    assert len(whole) == written
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkError, match="Choose another folder with --snapshots"):
        save_snapshot(PAIR, tmp_path / "file" / "new", "clip.mp4", 0.0)
