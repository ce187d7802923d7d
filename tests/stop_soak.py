"""Many starts and stops at random moments: every one ends with the signal's code, without a crash, with whole files.

    python tests/stop_soak.py --stops 200 --seed 7

Live in the window and headless, replay in the window and headless; SIGINT, SIGTERM, SIGHUP, and now and then Ctrl-C
after that, which leaves files as they are. The card is emulated and gives 1920x1080. Faults are printed as they come;
the exit code is 1 where there was one.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

sys.path.insert(0, str(Path(__file__).resolve().parent))

import cv2
import numpy as np
import processes
from clipmaker import numbered, write_clip
from start_stop import CODES, COMMANDS, MOMENTS, Place, Started, faults, virtual_display
from v4l2_card.card import EmulatedCard, build_card

LONGEST_WAIT_S = 1.5
"""After the moment that was waited for, at random up to this: moments that nobody thought of."""
ABANDONED = 0.15
"""The share of stops that are abandoned by Ctrl-C while they last."""
_FRAMES = 40


def make_clip(folder: Path) -> Path:
    """A clip of 1920x1080."""
    shown = [numbered(n, 1920, 1080) for n in range(_FRAMES)]
    return write_clip(folder / "clip.mp4", shown * 10, options={"preset": "ultrafast"})


def make_place(folder: Path, library: Path, clip: Path, display: str) -> Place:
    """A card of 1920x1080 of its own, and the clip."""
    folder.mkdir()
    noise = np.random.default_rng(3)
    small = [noise.integers(60, 200, (135, 240, 3), dtype=np.uint8) for _ in range(6)]
    pictures = [cv2.resize(picture, (1920, 1080)) for picture in small]
    return Place(EmulatedCard(folder, library, pictures), clip, display)


def stop_once(place: Place, seed: int) -> tuple[str, int, float, list[str]]:
    """One start and stop, all of it chosen by ``seed``: what it was, the exit code, seconds to end, the faults."""
    rng = random.Random(seed)
    command, number = rng.choice(COMMANDS), rng.choice(list(CODES))
    moment = rng.choice(MOMENTS[:-1] if command == "replay window" else MOMENTS)  # that window has no end of its own
    wait_s = rng.uniform(0.0, LONGEST_WAIT_S)
    place.options = ("--frames", str(_FRAMES)) if moment == "ending" else ()
    with tempfile.TemporaryDirectory() as folder, Started(command, place, Path(folder)) as started:
        started.wait_for(moment)
        time.sleep(wait_s if moment != "ending" else wait_s / 10)
        is_over = started.process.poll() is not None
        told_s = time.monotonic()
        allowed = {CODES[number]}
        if is_over or moment == "ending":
            allowed |= {0, 1}  # it may have ended by itself
        is_abandoned = rng.random() < ABANDONED
        if is_abandoned:
            started.process.send_signal(number)
            time.sleep(rng.uniform(0.0, LONGEST_WAIT_S / 5))
            number = signal.SIGINT
            allowed.add(CODES[number])
        code, said = started.stop(number)
        took_s = time.monotonic() - told_s
        found = faults(started, code, said, allowed, are_whole=not is_abandoned)
        if found:
            found.append(said)
    how = f"{signal.Signals(number).name}{' again' if is_abandoned else ''}"
    return f"{command}, {moment} + {wait_s:.2f} s, {how}", code, took_s, found


def main() -> int:
    """Start and stop, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stops", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--at-once", type=int, default=1, help="commands that run at the same time")
    given = parser.parse_args()
    processes.PATIENCE_S = 600.0  # other things may run on the machine, for longer than a test lasts
    print(f"seed {given.seed}, {given.stops} stops", flush=True)
    codes: Counter[str] = Counter()
    took, faulty = [], 0
    with (
        tempfile.TemporaryDirectory() as folder,
        virtual_display() as display,
        ThreadPoolExecutor(given.at_once) as pool,
    ):
        library, clip = build_card(Path(folder)), make_clip(Path(folder))
        places: SimpleQueue[Place] = SimpleQueue()
        for number in range(given.at_once):
            places.put(make_place(Path(folder) / str(number), library, clip, display))

        def run(seed: int) -> tuple[str, int, float, list[str]]:
            place = places.get()
            try:
                return stop_once(place, seed)
            finally:
                places.put(place)

        for count, (what, code, took_s, found) in enumerate(
            pool.map(run, range(given.seed, given.seed + given.stops)), start=1
        ):
            codes[f"{what.rpartition(', ')[2]} {code}"] += 1
            took.append(took_s)
            faulty += bool(found)
            print(f"{count}: {what}: {code} after {took_s:.1f} s", *found, sep="\n    ", flush=True)
        while not places.empty():
            places.get().card.close()
    print(f"codes: {dict(sorted(codes.items()))}")
    print(f"seconds to end: median {np.median(took):.2f}, longest {max(took):.2f}")
    print(f"stops: {given.stops}, with faults: {faulty}")
    return 1 if faulty else 0


if __name__ == "__main__":
    sys.exit(main())
