"""A command that is told to end finishes its files first, whatever told it."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import av
import cv2
import pytest
from clipmaker import numbered, write_clip
from processes import PATIENCE_S, wait_until
from start_stop import CODES, Place, Started, as_from_a_terminal, faults, virtual_display
from v4l2_card.card import PATH, EmulatedCard, build_card

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")


def wait_for_lines(path: Path, count: int) -> None:
    wait_until(lambda: path.exists() and path.read_bytes().count(b"\n") >= count, "the command has begun")


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
        _, errors = process.communicate(timeout=2 * PATIENCE_S)
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


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("place")
    card = EmulatedCard(folder, build_card(folder), [numbered(n, 640, 480) for n in range(8)])
    clip = write_clip(folder / "clip.mp4", frames=3000)
    with virtual_display() if shutil.which("Xvfb") else contextlib.nullcontext() as display:
        yield Place(card, clip, display)
    card.close()


@pytest.mark.parametrize(
    ("command", "moment", "number"),
    [
        ("live window", "importing", signal.SIGTERM),
        ("live window", "opening", signal.SIGINT),
        ("live window", "working", signal.SIGINT),
        ("live headless", "begun", signal.SIGINT),
        ("live headless", "opening", signal.SIGHUP),
        ("replay window", "opening", signal.SIGINT),
        ("replay window", "working", signal.SIGTERM),
        ("replay headless", "importing", signal.SIGINT),
    ],
)
def test_whenever_it_comes_the_code_says_so_and_files_are_whole(
    place: Place, tmp_path: Path, command: str, moment: str, number: int
) -> None:
    if "window" in command and place.display is None:
        pytest.skip("needs Xvfb, an X server without a monitor")
    with Started(command, place, tmp_path) as started:
        started.wait_for(moment)
        code, said = started.stop(number)
        assert faults(started, code, said, {CODES[signal.Signals(number)]}) == [], said
        assert said.splitlines()[-1].startswith("polyplive: stopped by "), said


PROGRAM = """
import signal, sys
from pathlib import Path
from polyplive.commands.live import LiveRequest, run
if __name__ == "__main__":
    code = run(LiveRequest(device=sys.argv[1], headless=True, events=Path(sys.argv[2])))
    print(code, signal.getsignal(signal.SIGINT) is signal.default_int_handler)
"""


def test_a_program_that_runs_a_command_is_told_the_code(place: Place, tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, PATH, str(events)],
        env=place.environment(), stdout=subprocess.PIPE, text=True, preexec_fn=as_from_a_terminal,
    ) as process:  # fmt: skip
        wait_for_lines(events, 5)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=2 * PATIENCE_S)
    assert (process.returncode, said.splitlines()[-1]) == (0, "130 True")
    assert json.loads(events.read_text(encoding="utf-8").splitlines()[-1])["type"] == "end"


def test_a_crash_in_a_library_says_where_python_was(place: Place, tmp_path: Path) -> None:
    with Started("replay headless", place, tmp_path) as started:
        started.wait_for("opening")
        code, said = started.stop(signal.SIGSEGV)
    assert code == -signal.SIGSEGV
    assert "Fatal Python error: Segmentation fault" in said
    assert "polyplive/cli/run.py" in said


@pytest.mark.parametrize("command", ["demo --headless --output out", "bench --no-display", "evaluate pictures"])
def test_work_without_an_end_in_sight_is_interrupted(tmp_path: Path, command: str) -> None:
    for kind in ("images", "masks"):
        (tmp_path / "pictures" / kind).mkdir(parents=True)
        for number in range(300):
            cv2.imwrite(str(tmp_path / "pictures" / kind / f"{number}.png"), numbered(number))
    with subprocess.Popen(
        [sys.executable, "-m", "polyplive", *command.split()],
        cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, preexec_fn=as_from_a_terminal,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        said = next((line for line in process.stderr if line.startswith("Model ")), "")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=2 * PATIENCE_S)
    assert said, "the model was opened and named"
    assert (process.returncode, errors.splitlines()[-1]) == (130, "polyplive: stopped by Ctrl-C."), errors
