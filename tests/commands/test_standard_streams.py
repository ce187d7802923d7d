"""Standard streams that are closed, full, or no longer read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from clipmaker import write_clip

from polyplive.cli import main

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")

POLYPLIVE = [sys.executable, "-m", "polyplive"]
FULL = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
from polyplive.cli import main
sys.exit(main(sys.argv[1:]))
"""


def shell(line: str, *arguments: str, cwd: Path | None = None) -> tuple[int, str, str]:
    """``line`` run by a shell, with ``arguments`` as ``"$@"``."""
    command = ["sh", "-c", line, "sh", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("argument", ["--version", "doctor", "--help"])
def test_a_full_stdout_is_one_line(tmp_path: Path, argument: str, unbuffered: str) -> None:
    with (tmp_path / "full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", FULL, argument],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )
    assert done.returncode == 1
    assert [line[:40] for line in done.stderr.splitlines()] == ["polyplive: Cannot write the results to s"]


@pytest.mark.parametrize("argument", ["--version", "doctor", "--help"])
def test_a_reader_that_left_is_no_traceback(argument: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([*POLYPLIVE, argument], stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert done.returncode == 1
    assert done.stderr == ""


def test_closed_streams_do_not_end_up_in_the_files(tmp_path: Path) -> None:
    write_clip(tmp_path / "clip.mp4", frames=3)
    line = '"$@" <&- >&- 2>&-'
    code, _, _ = shell(line, *POLYPLIVE, "replay", "clip.mp4", "--headless", "--events", "e.jsonl", cwd=tmp_path)
    assert code == 0
    lines = [json.loads(line) for line in (tmp_path / "e.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["type"] for line in lines] == ["session", "pipeline", "frame", "frame", "frame", "end"]


def test_a_wrong_call_with_stderr_closed_keeps_its_code() -> None:
    assert shell('"$@" 2>&-', *POLYPLIVE, "no-such-command")[0] == 2
    assert shell('"$@" >&-', *POLYPLIVE, "--version")[0] == 0


def test_without_a_command_it_is_the_window_and_where_none_can_be_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 10
    assert main([]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("polyplive: No window can be opened")


def test_a_narrow_terminal_cuts_no_figure_out_of_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.table import Table

    from polyplive.commands.messages import print_whole, stdout

    monkeypatch.setenv("COLUMNS", "40")
    table = Table("reading", "IoU", "Dice", "precision", "recall", title="data: 2 pictures")
    table.add_row("mean of polyp and background", "0.1234", "0.2345", "0.3456", "0.4567")
    with stdout.capture() as printed:
        print_whole(table)
    row = next(line for line in printed.get().splitlines() if "0.1234" in line)
    for text in ("mean of polyp and background", "0.2345", "0.3456", "0.4567"):
        assert text in row
