"""A stream whose clock jumps: a real sender starts again, and what is recorded goes on by the capture clock."""

from __future__ import annotations

import csv
import dataclasses
import itertools
import json
import re
import time
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from clipmaker import numbered
from live_rig import PATIENT, WHOLE_FRAME, Rig, open_sound, picture
from processes import wait_until
from stream_sender import WRAP_S, UdpSender, free_port

from polyplive.sessions.live import LiveParts, LiveSession
from polyplive.sessions.live.frame_numbering import FrameNumbering
from polyplive.sessions.recorder.recorder import Recorder
from polyplive.sessions.recorder.thread import RecorderThread, ResultsThread
from polyplive.sinks.events import EventsSink
from polyplive.sinks.segments import SegmentSettings, SegmentWriter
from polyplive.sources.capture.address import parse_address
from polyplive.sources.device import DeviceSource
from polyplive.types import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from polyplive.sources.capture.address import Address

FPS = 25
NO_LIMIT = SegmentSettings(free_mib=0)
SHORTEST_JUMP_S = 30.0
TOLERANCE_S = 0.5
"""What a clock may be off before it has jumped; to it comes how long this machine let a picture wait."""


def small(number: int) -> np.ndarray:
    return numbered(number % 4096, 192, 128)


class Clock:
    """A sender's clock: it goes on with the time, and a test may set it to any other."""

    def __init__(self, now_s: float) -> None:
        self.jumps: list[float] = []
        """How far each jump led from the stamp before."""
        self.longest_s = 0.0
        """Between two stamps, jumps aside."""
        self._last_s: float | None = None
        self._set_to: float | None = now_s
        self._ahead_s = 0.0

    @property
    def last_s(self) -> float:
        """The last stamp."""
        assert self._last_s is not None
        return self._last_s

    def set(self, now_s: float) -> None:
        """From the next picture on."""
        self._set_to = now_s

    def __call__(self, _: int) -> float:
        set_to, self._set_to = self._set_to, None
        if set_to is not None:
            self._ahead_s = set_to - time.monotonic()
        stamp_s = time.monotonic() + self._ahead_s
        if self._last_s is not None and set_to is not None:
            self.jumps.append(stamp_s - self._last_s)
        elif self._last_s is not None:
            self.longest_s = max(self.longest_s, stamp_s - self._last_s)
        self._last_s = stamp_s
        return stamp_s


@pytest.fixture
def clock() -> Clock:
    return Clock(500.0)


@pytest.fixture
def address(clock: Clock) -> Iterator[Address]:
    """Of a sender with this clock."""
    sender = UdpSender(free_port(2), small, FPS, clock=clock)
    sender.start()
    yield parse_address(f"udp://127.0.0.1:{sender.port}")
    sender.stop()


def times(path: Path) -> list[float]:
    """The times of a video's frames, read from the file."""
    with av.open(str(path)) as video:
        return [float(frame.pts * frame.time_base) for frame in video.decode(video=0)]


def test_recordings_go_on_across_a_jump_that_is_said_once(clock: Clock, address: Address, tmp_path: Path) -> None:
    overlay, raw, events = tmp_path / "overlay.mp4", tmp_path / "raw.mkv", tmp_path / "events.jsonl"
    writers = [SegmentWriter(overlay, NO_LIMIT), SegmentWriter(raw, NO_LIMIT, composed=False)]
    video = RecorderThread(Recorder(writers), capacity=1000)
    results = ResultsThread(Recorder([EventsSink(events)]), capacity=1000)
    parts = LiveParts(
        lambda: DeviceSource(address),
        open_sound,
        PATIENT,
        pipeline=WHOLE_FRAME,
        recorders=(video, results),
        with_screen=True,
    )
    with LiveSession(parts) as session:
        wait_until(lambda: session.summary().tally.read > 30, "no pictures came")
        clock.set(clock.last_s + 36_000.0)
        wait_until(lambda: session.summary().clock_jumps, "no jump was noticed")
        read = session.summary().tally.read
        wait_until(lambda: session.summary().tally.read > read + 30, "no more pictures came")
        assert session.view().notices == (session.summary().clock_notice,)
    summary = session.summary()
    words = r"The source's clock jumped ahead by (\d+\.\d) s: times go on by this computer's clock\."
    assert summary.notices == (), "a jump is no failure"
    lines = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
    said = [line for line in lines if line["type"] == "state" and "clock jumped" in line["reason"]]
    told = re.fullmatch(words, said[0]["reason"])
    assert told is not None
    assert lines[-1]["live"]["clock_jumps"] == summary.clock_jumps == len(said)
    assert said[-1]["reason"] == summary.clock_notice
    recorded = {line["index"]: line["pts_s"] for line in lines if line["type"] == "frame"}
    for path in (overlay, raw):
        with path.with_suffix(".frames.csv").open(encoding="utf-8") as table:
            rows = list(csv.DictReader(table))
        listed = [float(row["pts_s"]) for row in rows]
        assert times(path) == pytest.approx([time_s - listed[0] for time_s in listed], abs=2e-3)
        captured = [float(row["captured_s"]) for row in rows]
        waited_s = max(np.diff(captured)) + TOLERANCE_S
        # A first frame after the jump that this machine held up makes the next ones come too early: that is told too.
        assert summary.clock_jumps == 1 or waited_s + clock.longest_s > 2 * TOLERANCE_S
        assert float(told[1]) == pytest.approx(clock.jumps[0], abs=waited_s), "less by how much later it was read"
        assert max(np.diff(listed)) < waited_s + clock.longest_s, "no hole"
        assert listed[-1] - listed[0] == pytest.approx(captured[-1] - captured[0], abs=waited_s + clock.longest_s)
        assert all(recorded.get(int(row["index"]), float(row["pts_s"])) == float(row["pts_s"]) for row in rows)


def test_every_kind_of_jump_in_one_stream(clock: Clock, address: Address) -> None:
    """Back, to just before the end of a 33-bit counter and past it, ahead, and to a restarted sender's zero."""
    source = DeviceSource(address)
    frames = [source.read()]
    for next_s in (440.0, WRAP_S - 0.2, 60.0, 36_060.0, 0.0):
        frames += [source.read() for _ in range(13)]
        clock.set(next_s)
        while abs(frames[-1].clock_jump_s) < SHORTEST_JUMP_S:
            frames.append(source.read())
        waited_s = frames[-1].captured_s - frames[-2].captured_s
        jump_s = (clock.jumps[-1] + WRAP_S / 2) % WRAP_S - WRAP_S / 2
        assert frames[-1].clock_jump_s == pytest.approx(jump_s, abs=waited_s + TOLERANCE_S)
    source.close()
    steps = [other.pts_s - one.pts_s for one, other in itertools.pairwise(frames)]
    waited = [other.captured_s - one.captured_s for one, other in itertools.pairwise(frames)]
    late_s = max(waited) + clock.longest_s + TOLERANCE_S
    jumps = [abs(frame.clock_jump_s) for frame in frames if frame.clock_jump_s]
    assert sum(jump_s > late_s for jump_s in jumps) == 5, "none at the counter's end"
    assert len(jumps) == 5 or late_s > 2 * TOLERANCE_S, "only a machine that holds frames up makes more of them"
    assert 0 < min(steps) <= max(steps) < late_s
    assert frames[-1].pts_s == pytest.approx(frames[-1].captured_s - frames[0].captured_s, abs=late_s)


def test_a_clock_that_jumps_all_the_time_fills_no_events(tmp_path: Path) -> None:
    results = ResultsThread(Recorder([EventsSink(tmp_path / "events.jsonl")]), capacity=1000)
    with Rig({"recorders": (results,)}) as rig:
        for number in range(40):
            rig.feed.put(dataclasses.replace(Frame(picture(number)), clock_jump_s=-60.0))
        rig.wait(lambda: rig.session.summary().clock_jumps == 40)
        assert "jumped 40 times, last back by 60.0 s" in rig.session.summary().clock_notice
    assert (tmp_path / "events.jsonl").read_text(encoding="utf-8").count("clock jumped") == 10


def test_times_go_on_where_the_source_is_opened_again() -> None:
    """By the capture clock, with or without a clock of the source's own, and never back."""
    image = picture(0)
    for own in (lambda number: number / 25, lambda _: None):
        numbers, times_s = FrameNumbering(), []
        for opened_s in (100.0, 107.0, 130.0):
            numbers.source_opened()
            frames = [Frame(image, number, own(number), opened_s + number / 25) for number in range(50)]
            times_s += [numbers.numbered(frame).pts_s for frame in frames]
        expected = [opened_s - 100 + number / 25 for opened_s in (100.0, 107.0, 130.0) for number in range(50)]
        assert times_s == pytest.approx(expected)
    ahead = FrameNumbering()
    first = [ahead.numbered(Frame(image, number, number / 25, 100.0)).pts_s for number in range(50)]
    ahead.source_opened()
    assert ahead.numbered(Frame(image, 0, 0.0, 101.0)).pts_s == pytest.approx(first[-1] + 1.0)
