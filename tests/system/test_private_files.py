"""Files for their owner alone, under names that nobody can guess, through no link that somebody planted."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from polyplive.system import private_files
from polyplive.system.atomic_file import write_atomic
from polyplive.system.private_files import check_writable, create_private, make_private_folder, others_may_write


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def open_umask() -> None:
    """The most generous one: what is private must not owe it to the user's umask."""
    before = os.umask(0)
    yield
    os.umask(before)


def test_a_whole_file_is_for_its_owner_alone_also_in_the_place_of_an_open_one(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    path.write_text("old")
    path.chmod(0o666)
    write_atomic(path, b"new")
    assert (path.read_bytes(), rights(path)) == (b"new", 0o600)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("write", [lambda path: write_atomic(path, b"new"), lambda path: create_private(path).close()])
def test_a_link_planted_at_the_target_is_not_followed(tmp_path: Path, write: object) -> None:
    victim, path = tmp_path / "victim", tmp_path / "out.json"
    victim.write_text("precious")
    path.symlink_to(victim)
    write(path)  # type: ignore[operator]
    assert victim.read_text() == "precious"
    assert not path.is_symlink()
    assert rights(path) == 0o600


def test_a_link_planted_at_the_unfinished_name_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    victim, path = tmp_path / "victim", tmp_path / "out.json"
    victim.write_text("precious")
    guessed = []

    class Planting:
        """Names as they are really drawn, each taken by a link before it is used."""

        @staticmethod
        def token_hex(count: int) -> str:
            drawn = os.urandom(count).hex()
            guessed.append(drawn)
            (tmp_path / f".out.json.{drawn}.part").symlink_to(victim)
            return drawn

    monkeypatch.setattr(private_files, "secrets", Planting)
    write_atomic(path, b"new")
    assert (victim.read_text(), path.read_bytes(), len(guessed)) == ("precious", b"new", 1)


def test_two_unfinished_names_differ_and_do_not_tell_the_process(tmp_path: Path) -> None:
    names = []
    for _ in range(2):
        with private_files.unfinished(tmp_path / "out.json") as (partial, _):
            names.append(partial.name)
            assert str(os.getpid()) not in partial.name.split(".")
            assert rights(partial) == 0o600
    assert names[0] != names[1]
    assert list(tmp_path.iterdir()) == []


def test_missing_folders_are_made_for_the_owner_alone_and_others_stay(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    make_private_folder(shared / "one" / "two")
    assert [rights(folder) for folder in (shared, shared / "one", shared / "one" / "two")] == [0o755, 0o700, 0o700]


def test_trying_an_output_leaves_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    check_writable(path)
    assert list(tmp_path.iterdir()) == []
    path.write_text("old")
    check_writable(path)
    assert path.read_text() == "old"
    with pytest.raises(NotADirectoryError):
        check_writable(path / "below.json")
    with pytest.raises(IsADirectoryError):
        check_writable(tmp_path)
    with pytest.raises(FileNotFoundError):
        check_writable(tmp_path / "no" / "out.json")


@pytest.mark.parametrize(("mode", "may"), [(0o700, False), (0o755, False), (0o775, True), (0o702, True)])
def test_who_may_write_to_a_folder(tmp_path: Path, mode: int, may: bool) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    folder.chmod(mode)
    assert others_may_write(folder) is may
