"""The entry in the desktop's menu, and a file's name in the place of a command."""

from __future__ import annotations

import configparser
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from polyplive.cli import main
from polyplive.commands.desktop_entry import entry_text

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="desktop entries are for Linux")


def test_it_is_written_starts_this_installation_and_is_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert main(["desktop-entry"]) == 0
    entry = tmp_path / "applications" / "polyplive.desktop"
    icon = tmp_path / "icons" / "hicolor" / "scalable" / "apps" / "polyplive.svg"
    assert str(entry) in capsys.readouterr().out
    read = configparser.ConfigParser(interpolation=None)
    read.read(entry)
    section = read["Desktop Entry"]
    assert section["Icon"] == icon.stem
    assert icon.read_bytes().startswith(b"<svg")
    *command, file = shlex.split(section["Exec"])
    assert file == "%f"
    said = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True).stdout
    assert said.startswith("polyplive")
    assert main(["desktop-entry", "--remove"]) == 0
    assert not entry.exists()
    assert not icon.exists()
    assert main(["desktop-entry", "--remove"]) == 0, "nothing is there to take away"


def test_what_is_special_in_a_path_is_written_so_that_it_is_read_again() -> None:
    line = next(line for line in entry_text(['/opt/a "b" $c 100%/polyplive']).splitlines() if line.startswith("Exec="))
    assert line == 'Exec="/opt/a \\\\"b\\\\" \\\\$c 100%%/polyplive" %f'


def test_it_says_where_it_cannot_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    assert main(["desktop-entry"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_a_files_name_alone_is_played(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    video = tmp_path / "text.mp4"
    video.write_text("no video")
    assert main([str(video), "--headless"]) == 1
    assert "text.mp4" in capsys.readouterr().err
    assert main(["no-such-command"]) == 2
