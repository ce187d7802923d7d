"""A long live session under random faults: every frame accounted for, nothing leaked, memory flat.

    python tests/soak.py --minutes 10 --seed 7

The faults are those of a theatre: the source is lost, blocks, repeats its picture, turns flat, changes its size; the
engine's process raises, gives NaN, is slow, hangs, crashes, is killed. The seed is printed, and gives the same
schedule again.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import gc
import itertools
import random
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from faulty_engines import open_random
from live_rig import WHOLE_FRAME, picture

from polyplive.config import LiveSettings
from polyplive.errors import SourceLost
from polyplive.sessions.engine_room.process_engine import ProcessEngine, ProcessLimits
from polyplive.sessions.live import LiveParts, LiveSession
from polyplive.sessions.recorder.recorder import Recorder
from polyplive.sessions.recorder.thread import RecorderThread, ResultsThread
from polyplive.sinks.events import EventsSink
from polyplive.sinks.segments import SegmentSettings, SegmentWriter
from polyplive.system.machine import memory_mib
from polyplive.types import Frame, SourceInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from polyplive.sessions.engine_room.interrupt import Interrupt


PATIENCE = LiveSettings(max_age_ms=250, no_signal_s=0.5, reopen_s=1.5, engine_timeout_s=2.0)
SOURCE_FAULTS = ("lost", "blocks", "repeats", "flat", "size")
SIDES = ((320, 240), (480, 270))


class SoakSource:
    """Pictures at a steady rate, with the faults that ``schedule`` deals out; it counts what it gives."""

    warnings: tuple[str, ...] = ()

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._size = SIDES[schedule.rng.randrange(2)]
        self._pictures = {size: [picture(n, *size) for n in range(40)] for size in SIDES}
        self.info = SourceInfo("soak", *self._size, schedule.fps, None, None, live=True)
        self.dropped: Mapping[str, int] = {}
        self._count = 0
        self._next_s = time.monotonic()
        self._still: tuple[float, np.ndarray] | None = None

    def read(self) -> Frame | None:
        self._next_s = max(self._next_s + 1 / self._schedule.fps, time.monotonic() - 0.1)
        time.sleep(max(0.0, self._next_s - time.monotonic()))
        image = self._picture()
        if self._schedule.over.is_set():
            return None
        self._schedule.given += 1
        self._count += 1
        return Frame(image, self._count - 1, (self._count - 1) / self._schedule.fps, time.monotonic())

    def _picture(self) -> np.ndarray:
        now_s = time.monotonic()
        pictures = self._pictures[self._size]
        if self._still is not None and now_s < self._still[0]:
            return self._still[1].copy()
        self._still = None
        fault = self._schedule.source_fault(now_s)
        if fault == "lost":
            raise SourceLost("'soak' gives no more frames (on purpose)", "Wait.")
        if fault == "blocks":
            self._schedule.over.wait(self._schedule.rng.uniform(0.3, 3.0))
        if fault == "repeats":
            self._still = now_s + self._schedule.rng.uniform(0.2, 2.0), pictures[0]
        if fault == "flat":
            self._still = now_s + self._schedule.rng.uniform(0.2, 2.0), np.full_like(pictures[0], 30)
        if fault == "size":
            self._size = SIDES[1 - SIDES.index(self._size)]
        return self._pictures[self._size][self._count % 40]

    def seek(self, pts_s: float) -> None:
        raise SourceLost("live")

    def close(self) -> None:
        pass


class Schedule:
    """When which fault of the source comes: about one every ten seconds."""

    def __init__(self, seed: int, fps: float, every_s: float, kinds: tuple[str, ...]) -> None:
        self.rng = random.Random(seed)
        self.fps = fps
        self.over = threading.Event()
        self.given = 0
        self.dealt: dict[str, int] = {}
        self._every_s = every_s
        self._kinds = kinds
        self._due_s = time.monotonic() + every_s
        self._lock = threading.Lock()

    def source_fault(self, now_s: float) -> str | None:
        with self._lock:
            if now_s < self._due_s:
                return None
            self._due_s = now_s + self.rng.expovariate(1 / self._every_s)
            fault = self.rng.choice(self._kinds)
            self.dealt[fault] = self.dealt.get(fault, 0) + 1
            return fault


@dataclasses.dataclass
class Outcome:
    """What a soak saw. Memory in MiB: samples after the first fifth; the slope per minute with its error."""

    seed: int
    minutes: float
    given: int
    read: int
    processed: int
    shown: int
    dropped: dict[str, int]
    unshown: dict[str, int]
    faults: dict[str, int]
    source_opens: int
    engine_starts: int
    left_out: int
    threads_left: list[str]
    handles_before: int
    handles_after: int
    memory_first: float
    memory_last: float
    slope_per_minute: float
    slope_error: float

    def unexplained(self) -> int:
        """Frames that are nowhere."""
        to_model = self.read - self.processed - sum(self.dropped.values())
        to_screen = self.read - self.shown - sum(self.unshown.values())
        return abs(to_model) + abs(to_screen)


def soak(
    minutes: float,
    seed: int,
    fps: float = 30.0,
    every_s: float = 10.0,
    shipped: bool = True,
    kinds: tuple[str, ...] = SOURCE_FAULTS,
    is_enough: Callable[[LiveSession, Schedule], bool] = lambda *_: False,
) -> Outcome:
    """Run one session; see the module. ``kinds`` are the source's faults. It ends early where it ``is_enough``."""
    schedule = Schedule(seed, fps, every_s, kinds)
    before = set(threading.enumerate())
    handles = _handles()

    starts = itertools.count()

    def open_engine(interrupt: Interrupt) -> ProcessEngine:
        opener = functools.partial(open_random, seed=seed + next(starts), every_s=every_s, shipped=shipped)
        limits = ProcessLimits(answer_s=PATIENCE.engine_timeout_s, growth_mib=PATIENCE.memory_growth_mib)
        return ProcessEngine(opener, limits, interrupt=interrupt)

    memory: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        recorders = (
            RecorderThread(Recorder([SegmentWriter(Path(folder) / "soak.mp4", SegmentSettings(20, free_mib=0))])),
            ResultsThread(Recorder([EventsSink(Path(folder) / "soak.jsonl")])),
        )
        parts = LiveParts(
            lambda: SoakSource(schedule),
            open_engine,
            PATIENCE,
            recorders=recorders,
            with_screen=True,
            pipeline=WHOLE_FRAME,
        )
        session = LiveSession(parts)
        session.start()
        _watch(session, minutes * 60, memory, Path(folder), lambda: is_enough(session, schedule))
        schedule.over.set()
        session.close(60.0)
        summary = session.summary()
    gc.collect()
    left = [t.name for t in set(threading.enumerate()) - before]
    slope, error = _slope(memory[len(memory) // 5 :])
    return Outcome(
        seed, minutes, schedule.given, summary.tally.read, summary.tally.processed, summary.shown,
        dict(summary.tally.dropped), dict(summary.unshown), schedule.dealt, summary.source_opens,
        summary.engine_starts, sum(recorder.left_out for recorder in recorders), left, handles, _handles(),
        memory[len(memory) // 5][1], memory[-1][1], slope, error,
    )  # fmt: skip


def _watch(
    session: LiveSession,
    seconds: float,
    memory: list[tuple[float, float]],
    folder: Path,
    is_enough: Callable[[], bool],
) -> None:
    """What a window does, 60 times a second, and a look at the memory once a second; old recordings are removed."""
    began = time.monotonic()
    looked = began
    memory.append((0.0, memory_mib() or 0.0))
    while (now := time.monotonic()) - began < seconds and not is_enough():
        session.drawn(session.view())
        if now - looked >= min(1.0, seconds / 30):
            looked = now
            memory.append(((now - began) / 60, memory_mib() or 0.0))
            for old in sorted(folder.glob("soak-*.mp4"))[:-3]:
                old.unlink()
                old.with_suffix(".frames.csv").unlink(missing_ok=True)
        time.sleep(1 / 60)


def _slope(samples: list[tuple[float, float]]) -> tuple[float, float]:
    """MiB a minute by least squares, and its standard error, from the means of ten blocks: neighbours are alike."""
    if len(samples) < 10:
        return 0.0, 0.0
    blocks = [np.mean(part, axis=0) for part in np.array_split(np.asarray(samples), 10)]
    x, y = np.asarray(blocks).T
    slope, offset = np.polyfit(x, y, 1)
    rest = y - slope * x - offset
    error = np.sqrt(np.sum(rest**2) / (len(x) - 2) / np.sum((x - x.mean()) ** 2))
    return float(slope), float(error)


def _handles() -> int:
    try:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())
    except OSError:
        return 0


def main() -> int:
    """Soak and print what came of it; 1 when a frame is unexplained or a thread was left."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--fps", type=float, default=30.0)
    parser.add_argument("--every", type=float, default=10.0, help="mean seconds between faults of each kind")
    parser.add_argument("--small-engine", action="store_true", help="a trivial engine in place of the shipped model")
    given = parser.parse_args()
    print(f"seed {given.seed}, {given.minutes:g} minutes", flush=True)
    outcome = soak(given.minutes, given.seed, given.fps, given.every, not given.small_engine)
    for name, value in dataclasses.asdict(outcome).items():
        print(f"{name}: {round(value, 3) if isinstance(value, float) else value}")
    print(f"unexplained frames: {outcome.unexplained()}")
    return 1 if outcome.unexplained() or outcome.threads_left else 0


if __name__ == "__main__":
    sys.exit(main())
