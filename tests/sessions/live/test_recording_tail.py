"""A recording that is stopped while its encoder is behind: the real command, from an emulated card."""

from __future__ import annotations

import csv
import json
import re
import signal
import sys
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from processes import wait_until
from start_stop import Place, Started
from v4l2_card.card import EmulatedCard, build_card

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux")


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedCard]:
    """Noise, faster than any processor encodes it: small pictures, but many."""
    folder = tmp_path_factory.mktemp("card")
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (180, 320, 3), np.uint8) for _ in range(3)]
    card = EmulatedCard(folder, build_card(folder), pictures)
    card.control.fps = 240
    yield card
    card.close()


@pytest.fixture
def started(card: EmulatedCard, tmp_path: Path) -> Iterator[Started]:
    card.control.streaming = 0  # which a process that was killed could not say
    options = ("--record-raw", str(tmp_path / "raw.mp4"), "--rate", "60", "--keep-free", "0")
    with Started("live headless", Place(card, tmp_path, None, options), tmp_path) as started:
        started.wait_for("working")
        wait_until(lambda: len(rows(started.record)) >= 30, "a recording with more than a fragment")
        yield started


def rows(video: Path) -> list[int]:
    listed = video.with_suffix(".frames.csv")
    if not listed.exists():
        return []
    with listed.open(encoding="utf-8", newline="") as lines:
        return [int(row["index"]) for row in csv.DictReader(lines)]


def held(video: Path) -> int:
    count = 0
    with av.open(str(video)) as container:
        try:
            for _ in container.decode(video=0):
                count += 1
        except av.error.InvalidDataError:
            pass  # the fragment that was being written
    return count


def test_all_that_was_accepted_is_written(started: Started, tmp_path: Path) -> None:
    code, said = started.stop(signal.SIGINT)
    assert code == 130, said
    assert "did not end in time" not in said
    end = json.loads(started.events.read_text(encoding="utf-8").splitlines()[-1])
    lost_by_the_source = sum(end["dropped"].get(cause, 0) for cause in ("missed", "late", "damaged"))
    given = end["frames_read"] - lost_by_the_source
    left_out = int(found[1]) if (found := re.search(r"(\d+) frames were left out: encoding", said)) else 0
    for video in (started.record, tmp_path / "raw.mp4"):
        assert len(rows(video)) == held(video) == given - left_out


def test_a_second_ctrl_c_abandons_it_and_what_is_listed_is_there(started: Started, tmp_path: Path) -> None:
    started.process.send_signal(signal.SIGINT)
    wait_until(lambda: started.takes_signals(), "the first one")
    code, said = started.stop(signal.SIGINT)
    assert code == 130, said
    for video in (started.record, tmp_path / "raw.mp4"):
        assert 0 < len(rows(video)) <= held(video)


def test_a_killed_recording_lists_only_what_is_there(started: Started, tmp_path: Path) -> None:
    started.stop(signal.SIGKILL)
    for video in (started.record, tmp_path / "raw.mp4"):
        assert 0 < len(rows(video)) <= held(video)
