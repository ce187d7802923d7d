"""A command that is told to end finishes its files first, whatever told it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import pytest
from clipmaker import write_clip

from polyplive.commands.stopping import stopped_by_signals

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")


def wait_for_lines(path: Path, count: int) -> None:
    deadline = time.monotonic() + 120
    while not path.exists() or path.read_bytes().count(b"\n") < count:
        assert time.monotonic() < deadline, "the replay did not begin"
        time.sleep(0.02)


def as_from_a_terminal() -> None:
    """In the new process: a test run in the background, or under ``nohup``, hands ignored signals down."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [
        (signal.SIGTERM, 143, "polyplive: stopped by SIGTERM."),
        (signal.SIGHUP, 129, "polyplive: stopped by SIGHUP."),
        (signal.SIGINT, 130, "polyplive: stopped by Ctrl-C."),
    ],
)
def test_a_stopped_replay_leaves_whole_files(tmp_path: Path, number: int, code: int, said: str) -> None:
    clip = write_clip(tmp_path / "clip.mp4", frames=3000)
    events, report, overlay = tmp_path / "events.jsonl", tmp_path / "report.html", tmp_path / "overlay.mp4"
    outputs = ["--events", str(events), "--report", str(report), "--record", str(overlay)]
    command = [sys.executable, "-m", "polyplive", "replay", str(clip), "--headless", *outputs]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, preexec_fn=as_from_a_terminal
    ) as process:
        wait_for_lines(events, 20)
        process.send_signal(number)
        _, errors = process.communicate(timeout=120)
    assert process.returncode == code, errors
    assert errors.splitlines()[-1] == said
    end = json.loads(events.read_text(encoding="utf-8").splitlines()[-1])
    assert (end["type"], end["reason"]) == ("end", "stopped")
    assert "</html>" in report.read_text(encoding="utf-8")
    with av.open(str(overlay)) as container:
        assert sum(1 for _ in container.decode(video=0)) >= 18
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "clip.mp4", "events.jsonl", "overlay.mp4", "report.html",
    ]  # fmt: skip


def test_handlers_are_put_back_and_an_ignored_signal_stays_ignored() -> None:
    before = signal.getsignal(signal.SIGTERM)
    ignored = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stopped_by_signals():
            assert signal.getsignal(signal.SIGTERM) is not before
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
        assert signal.getsignal(signal.SIGTERM) is before
    finally:
        signal.signal(signal.SIGHUP, ignored)


def test_they_do_what_ctrl_c_does_at_that_moment_and_only_once() -> None:
    seen: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: seen.append(number))
    try:
        with stopped_by_signals() as stop:
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGTERM)
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen == [signal.SIGTERM]
    assert stop.code == 143
