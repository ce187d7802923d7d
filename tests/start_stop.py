"""Real commands, started and told to stop at a chosen moment: what comes of it, and whether that is as it should be."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
from processes import PATIENCE_S, wait_until
from v4l2_card.card import PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from v4l2_card.card import EmulatedCard

COMMANDS = ("live window", "live headless", "replay window", "replay headless")
MOMENTS = ("begun", "importing", "opening", "working", "ending")
"""Signals are taken; the first large library is there; no result has come yet; results come; the end has begun."""
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
_BAD_WORDS = (
    "Traceback",
    "Fatal Python error",
    "Exception ignored",
    "Segmentation",
    "core dumped",
    "QThread: Destroyed",
)


@contextlib.contextmanager
def virtual_display() -> Iterator[str]:
    """An X server without a monitor; gives its name for ``DISPLAY``."""
    reader, writer = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1400x900x24"],
        pass_fds=(writer,),
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    with os.fdopen(reader) as said:
        number = said.readline().strip()
    try:
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(20)


@dataclass
class Place:
    """Where commands run: an emulated card, a recorded clip, a display (None: only headless commands)."""

    card: EmulatedCard
    clip: Path
    display: str | None
    options: tuple[str, ...] = ()
    """More options of every command."""

    def environment(self) -> dict[str, str]:
        """For the command's process."""
        shown = {"DISPLAY": self.display, "QT_QPA_PLATFORM": "xcb"} if self.display is not None else {}
        return {**self.card.environment(), **shown, "POLYPLIVE_MODEL": "polyplive-fast", "POLYPLIVE_MEASURE": "no"}


class Started:
    """One command that runs, with ``record`` and ``events`` in ``folder``; leaving the context kills what is left."""

    def __init__(self, command: str, place: Place, folder: Path) -> None:
        self.record, self.events = folder / "overlay.mp4", folder / "events.jsonl"
        self.what, how = command.split()
        self._place = place
        self._delivered = place.card.control.delivered
        source = PATH if self.what == "live" else str(place.clip)
        outputs = ("--record", str(self.record), "--events", str(self.events))
        options = (*place.options, "--headless") if how == "headless" else place.options
        self.process = subprocess.Popen(
            [sys.executable, "-m", "polyplive", self.what, source, *outputs, *options],
            env=place.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            preexec_fn=as_from_a_terminal,
        )  # fmt: skip

    def __enter__(self) -> Started:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()
        self._place.card.control.streaming = 0  # a kernel would see to that where the process could not

    def wait_for(self, moment: str) -> None:
        """Wait until the command has come to one of ``MOMENTS``, or has ended."""
        come: dict[str, Callable[[], bool]] = {
            "begun": self.takes_signals,
            "importing": lambda: "libavcodec" in _text(self.process.pid, "maps"),
            "opening": self._is_opening,
            "working": lambda: self._lines() >= 5,
            "ending": lambda: b'"reason"' in self._last_line(),
        }
        wait_until(lambda: self.process.poll() is not None or come[moment](), f"{self.what} {moment}")

    def stop(self, number: int) -> tuple[int, str]:
        """Send the signal; the exit code, and what was said on stderr. One that never ends is made to say where."""
        self.process.send_signal(number)
        try:
            _, said = self.process.communicate(timeout=2 * PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            _, said = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, said

    def takes_signals(self) -> bool:
        """Whether a signal is taken as it should be."""
        return takes_signals(self.process.pid)

    def _is_opening(self) -> bool:
        """The pictures come, or could: the model does not answer yet."""
        if self.what == "live":
            return bool(self._place.card.control.delivered > self._delivered + 3)
        return self._place.clip.name in " ".join(open_files(self.process.pid))

    def _lines(self) -> int:
        return self.events.read_bytes().count(b"\n") if self.events.exists() else 0

    def _last_line(self) -> bytes:
        return (self.events.read_bytes().splitlines() or [b""])[-1] if self.events.exists() else b""


def takes_signals(process_id: int) -> bool:
    """Whether the process has begun to take signals."""
    lines = _text(process_id, "status").splitlines()
    caught = next((line for line in lines if line.startswith("SigCgt")), "SigCgt: 0")
    return bool(int(caught.split()[1], 16) >> (signal.SIGHUP - 1) & 1)


def open_files(process_id: int) -> list[str]:
    """What the process has open now."""
    found = []
    with contextlib.suppress(OSError):
        for link in Path(f"/proc/{process_id}/fd").iterdir():
            with contextlib.suppress(OSError):
                found.append(str(link.readlink()))
    return found


def _text(process_id: int, name: str) -> str:
    try:
        return Path(f"/proc/{process_id}/{name}").read_text(encoding="utf-8")
    except OSError:  # it has ended
        return ""


def as_from_a_terminal() -> None:
    """In the new process: a test run in the background, or under ``nohup``, hands ignored signals down."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def faults(started: Started, code: int, said: str, allowed: set[int], *, are_whole: bool = True) -> list[str]:
    """One line for everything that is not as it should be after a stop; ``are_whole``: the files have to be."""
    found = [] if code in allowed else [f"exit code {code}, not {sorted(allowed)}"]
    found += [f"stderr: {line}" for line in said.splitlines() if any(word in line for word in _BAD_WORDS)]
    return found + (list(_faults_of_files(started)) if are_whole else [])


def _faults_of_files(started: Started) -> Iterator[str]:
    frames = 0
    if started.record.exists():
        try:
            with av.open(str(started.record)) as container:
                frames = sum(1 for _ in container.decode(video=0))
        except (av.error.FFmpegError, IndexError) as error:
            yield f"{started.record.name} of {started.record.stat().st_size} bytes: {error}"
    rows = started.record.with_suffix(".frames.csv")
    if rows.exists():
        with rows.open(encoding="utf-8", newline="") as listed:
            count = len(list(csv.DictReader(listed)))
        if count > frames:
            yield f"{rows.name} lists {count} frames, the video holds {frames}"
    if started.events.exists():
        yield from _faults_of_events(started.events.read_text(encoding="utf-8").splitlines())


def _faults_of_events(lines: list[str]) -> Iterator[str]:
    items: list[dict[str, Any]] = []
    for number, line in enumerate(lines, start=1):
        try:
            items.append(json.loads(line))
        except ValueError:
            yield f"line {number} of the events is no JSON: {line[:60]}"
            return
    kinds = [item["type"] for item in items]
    if kinds[:1] != ["session"] or kinds[-1:] != ["end"]:
        yield f"events begin with {kinds[:1]} and end with {kinds[-1:]}"
