"""The real input code against an emulated capture card: every frame that it sent is accounted for."""

from __future__ import annotations

import contextlib
import itertools
import json
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from processes import PATIENCE_S, wait_until
from v4l2_card.card import PATH, EmulatedCard, build_card

if TYPE_CHECKING:
    from collections.abc import Iterator

HOLDER = """
import gc, sys
import av
from polyplive.sources.capture.address import parse_address
from polyplive.sources.capture.options import CaptureRequest
from polyplive.sources.device import DeviceSource
gc.disable()
av.logging.set_level(av.logging.WARNING)
request = CaptureRequest(pixel_format=sys.argv[2], stereo=sys.argv[3])
source = DeviceSource(parse_address(sys.argv[1]), request)
frames = [source.read() for _ in range(5)]
assert all(frame.yuv.luma.any() for frame in frames)
with av.logging.Capture(local=False) as said:
    source.close()
print([line for _, _, line in said])
"""
CHILD = Path(__file__).resolve().parents[2] / "v4l2_card" / "child.py"
WIDTH, HEIGHT = 352, 288


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_card(tmp_path_factory.mktemp("card"))


@pytest.fixture
def card(library: Path, tmp_path: Path) -> Iterator[EmulatedCard]:
    generator = np.random.default_rng(3)
    pictures = []
    for _ in range(8):
        picture = generator.integers(90, 130, (HEIGHT, WIDTH, 3), dtype=np.uint8)
        picture[120:200, 120:220] = (40, 40, 220)
        pictures.append(picture)
    made = EmulatedCard(tmp_path, library, pictures)
    yield made
    made.close()


class Child:
    """The session's process; ``wait`` for what it says."""

    def __init__(self, card: EmulatedCard, **options: Any) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(CHILD), json.dumps(options)],
            env=card.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.said: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.states: list[dict[str, Any]] = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.put(json.loads(line))
        self.said.put(None)

    def wait(self, event: str, timeout_s: float = PATIENCE_S, **values: Any) -> dict[str, Any]:
        while (said := self.said.get(timeout=timeout_s)) is not None:
            if said["event"] == "state":
                self.states.append(said)
            if said["event"] == event and all(said.get(key) == value for key, value in values.items()):
                return said
        pytest.fail(f"never said: {event} {values}; {self.states} {self.process.stderr.read()}")  # type: ignore[union-attr]

    def end(self) -> dict[str, Any]:
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        end = self.wait("end")
        assert self.process.wait(PATIENCE_S) == 0
        return end


@pytest.fixture
def start(card: EmulatedCard) -> Iterator[Any]:
    children: list[Child] = []

    def starter(**options: Any) -> Child:
        children.append(Child(card, **options))
        return children[-1]

    yield starter
    for child in children:
        child.process.kill()
        child.process.wait(PATIENCE_S)
        child.reader.join(PATIENCE_S)


def wait_for_frames(card: EmulatedCard, count: int) -> None:
    """Until the session has taken so many more frames from the card."""
    wanted = card.control.delivered + count
    wait_until(lambda: card.control.delivered >= wanted, f"{count} more frames")


def gaps(drawn: list[int]) -> int:
    """How many numbers are missing in ``drawn``, those that the card drew into its pictures."""
    return drawn[-1] - drawn[0] + 1 - len(drawn)


def left_out(end: dict[str, Any]) -> int:
    """How many frames the session counted as lost before it had them, or as come too late."""
    return sum(end["dropped"].get(why, 0) for why in ("missed", "late"))


def waits(end: dict[str, Any]) -> list[float]:
    """How long the session waited for each frame but the first: a busy machine lets it wait, with a sound card."""
    (captured_s,) = end["captured_s"]
    return [after - before for before, after in itertools.pairwise(captured_s)]


def test_every_frame_that_the_card_sent_is_accounted_for(card: EmulatedCard, start) -> None:
    frames = 90
    end = start(frames=frames, rate=60.0).wait("end")
    (numbers,) = end["numbers"]
    assert len(numbers) == frames
    drawn = [number for _, number, _ in numbers]
    assert None not in drawn
    assert [index for index, _, _ in numbers] == [number - drawn[0] for number in drawn], "a gap has its numbers too"
    missed = gaps(drawn)
    assert missed == left_out(end)
    assert end["read"] == frames + missed
    assert end["read"] == end["processed"] + sum(end["dropped"].values())
    assert end["shown"] + sum(end["unshown"].values()) == frames
    assert card.control.delivered >= frames
    waiting = card.control.due - card.control.delivered - card.control.dropped
    assert 0 <= waiting <= 8
    assert card.control.dropped >= end["dropped"].get("missed", 0)


def test_frames_that_the_card_lost_are_counted_as_missed(card: EmulatedCard, start) -> None:
    """The whole process stands still for a while, as on a machine under load: the card has no buffer left."""
    child = start(rate=60.0)
    child.wait("state", state="ready")
    child.process.send_signal(signal.SIGSTOP)
    threading.Event().wait(0.7)
    child.process.send_signal(signal.SIGCONT)
    wait_for_frames(card, 30)
    end = child.end()
    drawn = [number for numbers in end["numbers"] for _, number, _ in numbers]
    lost = gaps(drawn)
    assert lost >= 20
    assert end["opens"] == 1
    assert end["dropped"]["missed"] <= lost <= left_out(end), "others may have come too late at the end"
    assert end["read"] == end["processed"] + sum(end["dropped"].values())


def test_pixels_outside_the_overlay_are_the_cards_own(card: EmulatedCard, start) -> None:
    card.control.fps = 150
    end = start(compare=100).wait("end")
    assert end["compared"] >= 100
    assert end["changed"] == 0


@pytest.mark.parametrize(("letters", "stereo"), [("YUYV", "whole"), ("YUYV", "right"), ("MJPG", "whole")])
def test_nothing_that_lies_in_the_drivers_memory_outlives_the_device(
    card: EmulatedCard, letters: str, stereo: str
) -> None:
    """FFmpeg says so when it closes a device whose buffers are still held; their release would then be a crash."""
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", HOLDER, PATH, letters, stereo],
        env=card.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


def test_unplugged_and_put_back(card: EmulatedCard, start) -> None:
    child = start()
    child.wait("state", state="ready")
    card.control.present = 0
    lost = child.wait("state", state="reconnecting")
    assert PATH in lost["reason"]
    card.control.present = 1
    child.wait("state", state="ready")
    assert child.end()["opens"] == 2


def test_a_driver_that_blocks_is_shown_within_a_second_and_left_behind(card: EmulatedCard, start) -> None:
    child = start(no_signal_s=0.5, reopen_s=1.2)
    child.wait("state", state="ready")
    card.control.blocked = 1
    child.wait("state", state="no signal")
    child.wait("state", state="reconnecting")
    card.control.blocked = 0
    child.wait("state", state="ready")
    end = child.end()
    assert end["survivors"] == []
    assert end["read"] == end["processed"] + sum(end["dropped"].values())


@pytest.mark.parametrize(("command", "words"), [("repeat", "stopped changing"), ("flat", "flat colour")])
@pytest.mark.parametrize("letters", ["YUYV", "MJPG"])
def test_a_lost_signal_brings_no_error_and_is_seen(card: EmulatedCard, start, command, words, letters) -> None:
    child = start(format=letters, no_signal_s=0.5)
    child.wait("state", state="ready")
    setattr(card.control, command, 1)
    while words not in child.wait("state", state="no signal")["reason"]:
        pass  # a busy machine may show no picture for so long
    setattr(card.control, command, 0)
    child.wait("state", state="ready")
    child.end()


def test_a_card_that_grants_less_is_said(card: EmulatedCard, start) -> None:
    card.control.slow_raw = 1
    child = start(rate=60.0, format="YUYV")
    said = child.wait("opened")
    assert any("grants 6" in line for line in said["warnings"])


def test_a_card_that_grants_another_size_is_said_and_its_pictures_are_whole(card: EmulatedCard, start) -> None:
    child = start(size=[640, 480], frames=60)
    said = child.wait("opened")
    assert any("352x288" in line for line in said["warnings"])
    end = child.wait("end")
    drawn = [number for _, number, _ in end["numbers"][0]]
    assert len(drawn) == 60
    assert drawn == sorted(set(drawn))
    assert gaps(drawn) == left_out(end)
    assert {width for _, _, width in end["numbers"][0]} == {WIDTH}


def test_pictures_of_another_size_in_mid_stream(card: EmulatedCard, start) -> None:
    child = start(format="MJPG")
    child.wait("state", state="ready")
    card.control.other_size = 1
    wait_for_frames(card, 60)
    card.control.other_size = 0
    wait_for_frames(card, 30)
    end = child.end()
    widths = [width for _, _, width in end["numbers"][0]]
    assert {WIDTH, WIDTH // 2} == set(widths)
    assert widths[-1] == WIDTH
    assert end["opens"] == 1


def test_another_rate_in_mid_stream(card: EmulatedCard, start) -> None:
    child = start(rate=60.0, no_signal_s=0.5)
    child.wait("state", state="ready")
    card.control.fps = 30
    wait_for_frames(card, 45)
    end = child.end()
    drawn = [number for _, number, _ in end["numbers"][0]]
    assert drawn == sorted(set(drawn))
    lost = gaps(drawn)
    assert len(drawn) > 30, "frames came at the new rate"
    assert lost <= left_out(end)
    assert end["dropped"].get("missed", 0) <= lost + 1, "a slower rate is no loss"
    shown = [state for state, _ in itertools.groupby(item["state"] for item in child.states)]
    assert shown.count("no signal") <= sum(wait_s > 0.4 for wait_s in waits(end))


@pytest.mark.parametrize("stalled_s", [0.0, 0.1])
def test_a_clock_that_is_set_loses_no_frames(card: EmulatedCard, start, stalled_s: float) -> None:
    """Also where the session stands still meanwhile, as under load: the card's buffers hold the frames of 0.13 s."""
    card.control.ahead = 5000
    child = start(rate=60.0)
    child.wait("state", state="ready")
    for ahead in (5060, 1000):
        if stalled_s:
            child.process.send_signal(signal.SIGSTOP)
            threading.Event().wait(stalled_s)
        card.control.ahead = ahead
        child.process.send_signal(signal.SIGCONT)
        wait_for_frames(card, 45)
    end = child.end()
    drawn = [number for _, number, _ in end["numbers"][0]]
    lost_by_the_card = card.control.dropped  # 0 where the session never stood still for longer
    assert 2 <= end["clock_jumps"] <= 2 + lost_by_the_card
    assert left_out(end) <= gaps(drawn) <= left_out(end) + lost_by_the_card, "a jump is no gap"
    steps = [after - before for before, after in itertools.pairwise(end["times_s"][0])]
    assert 0 < min(steps) <= max(steps) < max(waits(end)) + 0.5
    assert "no signal" not in [item["state"] for item in child.states]


@pytest.mark.parametrize("fault", ["short_every", "error_every"])
def test_damaged_buffers_cost_themselves_only(card: EmulatedCard, start, fault: str) -> None:
    setattr(card.control, fault, 10)
    end = start(frames=100).wait("end")
    drawn = [number for _, number, _ in end["numbers"][0]]
    assert None not in drawn
    assert not [number for number in drawn if number % 10 == 0]
    assert end["dropped"]["damaged"] >= 9
    assert end["read"] == end["processed"] + sum(end["dropped"].values())
    assert end["opens"] == 1


def test_the_commands_see_the_card(card: EmulatedCard, tmp_path: Path) -> None:
    listed = run(card, "devices")
    assert "Emulated capture card" in listed.stdout
    assert "MJPG" in listed.stdout
    events, video, raw = tmp_path / "events.jsonl", tmp_path / "overlay.mp4", tmp_path / "raw.mkv"
    files = ("--events", str(events), "--record", str(video), "--record-raw", str(raw))
    done = run(card, "live", PATH, "--headless", "--frames", "60", *files)
    slow = "encoding is slower than the source" in done.stderr  # said and counted, on a machine under load
    assert done.returncode == int(slow), done.stderr
    assert events.is_file(), done.stderr
    lines = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
    assert lines[0]["source"] == PATH
    assert lines[-1]["type"] == "end"
    assert lines[-1]["frames_read"] >= 60
    assert video.stat().st_size > 0
    assert [matrix_of(path) for path in (video, raw)] == [1, 5], "BT.709 of what is drawn, BT.601 of a small card's own"


def matrix_of(path: Path) -> int:
    """The number of the matrix (ITU-T H.273) in a video's header."""
    with av.open(str(path)) as container:
        return container.streams.video[0].codec_context.colorspace


def run(card: EmulatedCard, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "polyplive", *arguments],
        env=card.environment(), capture_output=True, text=True, check=False, timeout=5 * PATIENCE_S,
    )  # fmt: skip
