"""Commands whose engine is in a process of its own, as a user runs them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from clipmaker import write_clip
from processes import PATIENCE_S, is_alive, shared_memory, wait_until

CONSOLE = Path(sys.executable).with_name("polyplive")
FRAMES = 60
NOBODY = "tcp://127.0.0.1:9"
"""An address of this machine at which nobody answers."""

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "polyplive", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=5 * PATIENCE_S)


def children(process_id: int) -> list[int]:
    """Of the main thread and every other one."""
    found = []
    for task in Path(f"/proc/{process_id}/task").glob("*/children"):
        found += [int(number) for number in task.read_text(encoding="ascii").split()]
    return found


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--model", "nosuch"), 1, "No model 'nosuch'"),
        (("--backend", "onnxruntime", "--precision", "bfloat16"), 2, "has no precision 'bfloat16'"),
    ],
)
def test_live_ends_in_one_line_where_the_model_can_never_be_opened(
    tmp_path: Path, options: tuple[str, ...], code: int, words: str
) -> None:
    done = run("live", NOBODY, "--headless", "--events", tmp_path / "events.jsonl", *options)
    assert done.returncode == code
    assert done.stderr.splitlines()[-1].startswith("polyplive: ")
    assert words in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [[sys.executable, "-m", "polyplive"], [str(CONSOLE)]], ids=["module", "console"])
def test_a_replay_goes_on_when_its_engine_is_killed_and_gives_every_frame(tmp_path: Path, command: list[str]) -> None:
    if not Path(command[0]).exists():
        pytest.skip("the console script is not installed")
    clip, before = write_clip(tmp_path / "clip.mp4", FRAMES), shared_memory()
    events = tmp_path / "events.jsonl"
    wanted = [*command, "replay", str(clip), "--headless", "--model", "polyplive-fast", "--events", str(events)]
    is_in_time = False
    while not is_in_time:  # this test may have slept to the end of the clip
        with subprocess.Popen(wanted, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as replay:
            wait_until(lambda: _frames_in(events) >= 3, "the first frames")
            replay.send_signal(signal.SIGSTOP)
            if is_in_time := 3 <= _frames_in(events) < FRAMES - 10:
                (engine,) = children(replay.pid)
                os.kill(engine, signal.SIGKILL)
            replay.send_signal(signal.SIGCONT)
            told, _ = replay.communicate(timeout=5 * PATIENCE_S)
    assert replay.returncode == 0
    assert f"{FRAMES} of {FRAMES} frames processed" in told
    assert "was started again: 1 time" in told
    assert _frames_in(events) == FRAMES
    assert shared_memory() <= before


def test_ctrl_c_ends_the_replay_and_its_engine(tmp_path: Path) -> None:
    clip, events = write_clip(tmp_path / "clip.mp4", 500), tmp_path / "events.jsonl"
    command = [sys.executable, "-m", "polyplive", "replay", str(clip), "--headless", "--model", "polyplive-fast"]
    with subprocess.Popen(
        [*command, "--events", str(events)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as replay:
        wait_until(lambda: _frames_in(events) >= 3, "the first frames")
        (engine,) = children(replay.pid)
        replay.send_signal(signal.SIGINT)
        _, said = replay.communicate(timeout=PATIENCE_S)
    assert replay.returncode == 130
    assert b"Traceback" not in said
    assert not is_alive(engine)
    assert json.loads(events.read_text(encoding="utf-8").splitlines()[-1])["type"] == "end"


def _frames_in(events: Path) -> int:
    if not events.exists():
        return 0
    return sum('"type":"frame"' in line for line in events.read_text(encoding="utf-8").splitlines())
