"""Walks through the whole window under Xvfb with real keys and mouse, and leaves a picture of each state.

    python tests/walk_window.py FOLDER --size 1280x800 --scale 1

Needs Xvfb, openbox, xdotool and ImageMagick's ``import``. The card is the emulated one. For a look by eye: it checks
nothing but that the program lives and ends with 0.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from v4l2_card.card import PATH, EmulatedCard, build_card

from polyplive.evaluation.demo_truth import demo_clip
from polyplive.sessions.opening import open_video

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PICTURES = 160
ROOM = "size=6m"
"""Of the disk that becomes full: a few seconds of recording."""


class Screen:
    """An X server with a window manager; ``shot`` writes what is seen, ``key`` and ``click`` are a user's hands."""

    def __init__(self, folder: Path, size: tuple[int, int], environment: dict[str, str]) -> None:
        self.folder = folder
        self.size = size
        self.environment = environment
        self._count = 0

    def shot(self, name: str) -> None:
        self._count += 1
        path = self.folder / f"{self._count:02d}-{name}.png"
        subprocess.run(["import", "-window", "root", str(path)], env=self.environment, check=True)
        print(path, flush=True)

    def key(self, *keys: str, then_s: float = 0.6) -> None:
        self._do("key", "--delay", "80", *keys)
        time.sleep(then_s)

    def type(self, text: str, then_s: float = 0.3) -> None:
        self._do("type", "--delay", "20", text)
        time.sleep(then_s)

    def move(self, across: float, down: float, then_s: float = 0.2) -> None:
        """The pointer goes to a place given in shares of the screen."""
        self._do("mousemove", str(round(across * self.size[0])), str(round(down * self.size[1])))
        time.sleep(then_s)

    def click(self, across: float, down: float, button: int = 1, repeat: int = 1, then_s: float = 0.6) -> None:
        self.move(across, down)
        self._do("click", "--repeat", str(repeat), "--delay", "60", str(button))
        time.sleep(then_s)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        self.move(*start)
        self._do("mousedown", "1")
        for step in range(1, 6):
            self.move(*(a + (b - a) * step / 5 for a, b in zip(start, end, strict=True)), then_s=0.05)
        self._do("mouseup", "1")
        time.sleep(0.4)

    def _do(self, *words: str) -> None:
        subprocess.run(["xdotool", *words], env=self.environment, check=True)


@contextlib.contextmanager
def screen(folder: Path, size: tuple[int, int], scale: int, home: Path) -> Iterator[Screen]:
    reader, writer = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-screen", "0", f"{size[0]}x{size[1]}x24"],
        pass_fds=(writer,),
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    with os.fdopen(reader) as told:
        display = f":{told.readline().strip()}"
    folders = {name: str(home / name.lower()) for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")}
    environment = {
        **os.environ,
        **folders,
        "DISPLAY": display,
        "QT_QPA_PLATFORM": "xcb",
        "QT_SCALE_FACTOR": str(scale),
        "POLYPLIVE_MEASURE": "no",
    }
    manager = subprocess.Popen(["openbox"], env=environment, stderr=subprocess.DEVNULL)
    time.sleep(1.0)
    try:
        yield Screen(folder, size, environment)
    finally:
        manager.terminate()
        server.terminate()
        manager.wait()
        server.wait()


@contextlib.contextmanager
def program(on: Screen, *words: str, card: EmulatedCard | None = None, opens_s: float = 14.0) -> Iterator[int]:
    """The program with these arguments, filling the screen; gives its process's id."""
    environment = {**on.environment, **(_of_card(card) if card is not None else {})}
    process = subprocess.Popen([sys.executable, "-m", "polyplive", *words], env=environment)
    found = ("search", "--sync", "--onlyvisible", "--name", "polyplive")
    on._do(*found, "windowsize", "100%", "100%", "windowmove", "0", "0")
    time.sleep(opens_s)
    try:
        yield process.pid
        assert process.poll() is None, f"the program ended by itself with {process.returncode}"
        on.key("ctrl+q", then_s=0.0)
        print("ended with", process.wait(60), flush=True)
    finally:
        process.kill()


def _of_card(card: EmulatedCard) -> dict[str, str]:
    return {name: value for name, value in card.environment().items() if name not in os.environ}


def engine_of(pid: int) -> int:
    """The process that runs the model: the child with the most memory."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    found = [int(word) for path in children.parent.parent.glob("*/children") for word in path.read_text().split()]
    return max(found, key=lambda child: int(Path(f"/proc/{child}/statm").read_text().split()[1]))


@contextlib.contextmanager
def slowed(pid: int, share: float) -> Iterator[None]:
    """The process runs only for ``share`` of the time."""
    ended = threading.Event()

    def jolt() -> None:
        while not ended.is_set():
            os.kill(pid, signal.SIGSTOP)
            ended.wait(0.1 * (1 - share))
            os.kill(pid, signal.SIGCONT)
            ended.wait(0.1 * share)

    thread = threading.Thread(target=jolt)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A disk with little room at ``folder``; needs root."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", ROOM, "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def walk_start(on: Screen, card: EmulatedCard) -> None:
    with program(on, card=card, opens_s=4.0):
        on.shot("start")
        on.key("alt+f")
        on.shot("menu-file")
        on.key("Escape", "shift+F1")
        on.shot("about")
        on.key("Escape", "ctrl+l", then_s=4.0)
        on.shot("connect-card")
        on.key("Down", "Down", then_s=1.0)
        on.shot("connect-stream")
        on.key("Escape")


def walk_errors(on: Screen, home: Path) -> None:
    broken = home / "a procedure of the thirtieth of November with quite a long name, second part.mp4"
    broken.write_bytes(b"no video at all" * 99)
    with program(on, "replay", str(broken), opens_s=4.0):
        on.shot("error-broken-file")


def walk_replay(on: Screen, home: Path) -> None:
    record = home / "out" / "overlay.mp4"
    record.parent.mkdir(exist_ok=True)
    with program(on, "replay", str(demo_clip()), "--record", str(record)):
        on.shot("replay-playing")
        on.key("space")
        on.shot("replay-paused")
        on.key("o")
        on.shot("replay-paused-overlay-off")
        on.key("o", "b")
        on.shot("replay-side-by-side")
        on.key("b", "t")
        on.shot("replay-panel-toggled")
        on.key("t", "question")
        on.shot("shortcuts")
        on.key("Escape", "d")
        on.shot("replay-details")
        on.key("Escape")
        on.move(0.3, 0.4)
        on.click(0.3, 0.4, button=4, repeat=4)
        on.shot("replay-zoomed")
        on.drag((0.3, 0.4), (0.5, 0.5))
        on.shot("replay-panned")
        on.key("ctrl+0", "z")
        on.move(0.35, 0.42)
        on.shot("replay-loupe")
        on.key("z", "f", then_s=1.5)
        on.move(0.4, 0.5)
        on.shot("full-screen-pointer-moved")
        time.sleep(3.5)
        on.shot("full-screen")
        on.key("Escape", "s", then_s=1.5)
        on.shot("replay-snapshot")
        on.key("End", then_s=2.0)
        on.shot("replay-end")


def walk_review(on: Screen, home: Path) -> None:
    """The demo under a long name: as soon as it is open, while it is analysed, and with decisions and notes."""
    video = home / "a procedure of the thirtieth of November with quite a long name, second part.mp4"
    video.write_bytes(demo_clip().read_bytes())
    with program(on, "review", str(video), "--by", "Ada", opens_s=6.0):
        on.shot("review-opened")
        time.sleep(60.0)
        on.shot("review-analysed")
        on.key("n", then_s=2.0)
        on.key("a")
        on.shot("review-accepted")
        on.key("n", then_s=2.0)
        on.key("r", "t", then_s=1.0)
        on.type("a fold, seen from the side")
        on.shot("review-note")
        on.key("Return", "ctrl+z", then_s=1.0)
        on.shot("review-undone")
        on.click(0.4, 0.8, button=4, repeat=3)
        on.shot("review-zoomed")
        on.key("shift+t", "question")
        on.shot("review-shortcuts")
        on.key("Escape", "alt+r", then_s=1.0)
        on.shot("review-menu")
        on.key("Escape", "w", "F11", then_s=4.0)
        on.shot("review-full-screen")
        on.key("Escape")


def walk_live(on: Screen, card: EmulatedCard) -> None:
    with program(on, "live", PATH, card=card) as pid:
        on.shot("live")
        on.key("o")
        on.shot("live-overlay-off")
        on.key("o", "r", then_s=4.0)
        on.key("m", then_s=0.5)
        on.shot("live-recording-mark")
        on.key("r", then_s=3.0)
        on.shot("live-recording-ended")
        on.key("Escape", "d")
        on.shot("live-details")
        on.key("Escape")
        _faults(on, card, pid)


def _faults(on: Screen, card: EmulatedCard, pid: int) -> None:
    card.control.present = 0
    time.sleep(3.0)
    on.shot("live-unplugged")
    card.control.present = 1
    time.sleep(5.0)
    on.shot("live-plugged-in-again")
    card.control.flat = 1
    time.sleep(5.0)
    on.shot("live-flat")
    card.control.flat = 0
    time.sleep(3.0)
    with slowed(engine_of(pid), 0.12):
        time.sleep(25.0)
        on.shot("live-late")
    time.sleep(3.0)
    hung = engine_of(pid)
    os.kill(hung, signal.SIGSTOP)
    time.sleep(3.0)
    on.shot("live-model-hung")
    time.sleep(10.0)
    os.kill(engine_of(pid), signal.SIGKILL)
    time.sleep(0.7)
    on.shot("live-model-crashed")
    time.sleep(5.0)
    on.shot("live-again")


def walk_full_disk(on: Screen, card: EmulatedCard, home: Path) -> None:
    with small_disk(home / "xdg_data_home"), program(on, "live", PATH, "--keep-free", "1", card=card):
        on.key("r", then_s=25.0)
        on.shot("live-disk-full")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="for the pictures")
    parser.add_argument("--size", default="1280x800", help="of the screen")
    parser.add_argument("--scale", type=int, default=1, help="device pixels in a logical one")
    parser.add_argument("--only", default="start,errors,replay,review,live,disk", help="which walks, between commas")
    asked = parser.parse_args()
    width, height = map(int, asked.size.split("x"))
    asked.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made, open_video(demo_clip()) as video:
        home = Path(made)
        pictures = [frame.image for _, frame in zip(range(PICTURES), video, strict=False)]
        card = EmulatedCard(home, build_card(home), pictures)
        with screen(asked.folder, (width, height), asked.scale, home) as on:
            walks: dict[str, Callable[[], None]] = {
                "start": lambda: walk_start(on, card),
                "errors": lambda: walk_errors(on, home),
                "replay": lambda: walk_replay(on, home),
                "review": lambda: walk_review(on, home),
                "live": lambda: walk_live(on, card),
                "disk": lambda: walk_full_disk(on, card, home),
            }
            for name in asked.only.split(","):
                walks[name]()
        card.close()


if __name__ == "__main__":
    main()
