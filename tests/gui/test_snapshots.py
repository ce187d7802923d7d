"""Pictures that a user saves: in a folder that nothing copies elsewhere, for their owner alone."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from polyplive.errors import SinkError
from polyplive.gui.snapshots import default_folder, save_snapshot

IMAGE = np.zeros((8, 8, 3), np.uint8)


def test_the_default_folder_is_the_programs_own_and_not_among_the_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_PICTURES_DIR", "/home/somebody/Pictures")
    folder = default_folder()
    assert folder.is_absolute()
    assert "polyplive" in folder.parts
    assert "Pictures" not in folder.parts


def test_folder_and_pictures_are_for_their_owner_alone_and_nothing_is_overwritten(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        paths = [save_snapshot(IMAGE, tmp_path / "new", "/home/NAME/clip.mp4", 1.5) for _ in range(3)]
    finally:
        os.umask(before)
    assert len(set(paths)) == 3
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in paths} == {0o600}
    assert all(path.name.startswith("clip-") for path in paths)


def test_a_link_planted_at_the_name_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = save_snapshot(IMAGE, tmp_path, "clip.mp4", 1.5)
    victim = tmp_path / "victim"
    victim.write_text("precious")
    first.unlink()
    first.symlink_to(victim)

    class Clock:
        """The moment of the first picture again."""

        class datetime:  # noqa: N801
            @staticmethod
            def now() -> object:
                from datetime import datetime

                return datetime.strptime(first.stem[-15:], "%Y%m%d-%H%M%S")

    monkeypatch.setattr("polyplive.gui.snapshots.datetime", Clock)
    second = save_snapshot(IMAGE, tmp_path, "clip.mp4", 1.5)
    assert (second != first, victim.read_text()) == (True, "precious")


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkError, match="Choose another folder with --snapshots"):
        save_snapshot(IMAGE, tmp_path / "file" / "new", "clip.mp4", 0.0)
