"""``polyplive replay --follow``: what it says, how it ends, and that it can be stopped while it waits."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from clipmaker import write_clip
from processes import PATIENCE_S, wait_until
from start_stop import as_from_a_terminal, open_files, takes_signals

from polyplive.cli import main

if TYPE_CHECKING:
    from pathlib import Path

FRAMES = 30
MANY_SECONDS = "600"


def end_of(events: Path) -> dict[str, object]:
    end: dict[str, object] = json.loads(events.read_text(encoding="utf-8").splitlines()[-1])
    return end


def test_it_ends_when_the_file_does_not_grow(tmp_path: Path) -> None:
    clip, events = write_clip(tmp_path / "clip.mkv", FRAMES), tmp_path / "events.jsonl"
    options = ["--headless", "--follow", "--idle", "0.3", "--events", str(events), "--start", "0.4"]
    assert main(["replay", str(clip), *options]) == 0
    assert (end_of(events)["frames_processed"], end_of(events)["reason"]) == (FRAMES - 10, "end of file")


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--idle", "5"], "--idle does nothing without --follow"),
        (["--follow", "--idle", "0"], "idle"),
        (["--follow", "--idle", "nan"], "nan is no time"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(
    options: list[str], problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = write_clip(tmp_path / "clip.mkv", FRAMES)
    assert main(["replay", str(clip), "--headless", *options]) == 2
    assert problem in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")
@pytest.mark.parametrize("moment", ["opening", "reading"])
def test_it_is_stopped_while_it_waits(moment: str, tmp_path: Path) -> None:
    data = write_clip(tmp_path / "whole.mkv", 100, options={"bf": "0"}).read_bytes()
    growing, events = tmp_path / "growing.mkv", tmp_path / "events.jsonl"
    growing.write_bytes(data[:100] if moment == "opening" else data[: len(data) * 3 // 4])
    options = ["--headless", "--follow", "--idle", MANY_SECONDS, "--events", str(events)]
    with subprocess.Popen(
        [sys.executable, "-m", "polyplive", "replay", str(growing), *options],
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, preexec_fn=as_from_a_terminal,
    ) as process:  # fmt: skip
        if moment == "opening":
            wait_until(lambda: str(growing) in open_files(process.pid) and takes_signals(process.pid), "it waits")
        else:
            wait_until(lambda: events.exists() and events.read_bytes().count(b"\n") >= 10, "it reads")
        process.send_signal(signal.SIGINT)
        try:
            _, said = process.communicate(timeout=PATIENCE_S)
        finally:
            process.kill()
    assert process.returncode == 130, said
    assert said.splitlines()[-1] == "polyplive: stopped by Ctrl-C."
    assert "Traceback" not in said
    if moment == "reading":
        assert end_of(events)["reason"] == "stopped"
    else:
        assert not events.exists()
