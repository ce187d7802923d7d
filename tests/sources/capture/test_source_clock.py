"""The time of live frames: the source's own clock, held to the clock on which they are captured."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest

from polyplive.sources.capture.source_clock import SourceClock, SourceTime

if TYPE_CHECKING:
    from collections.abc import Iterable

FPS = 25.0
WRAP_S = 2**33 / 90_000


def follow(frames: Iterable[tuple[float | None, float]], period_s: float | None = None) -> list[SourceTime]:
    """The times of frames, each given by its stamp and its arrival; they never run back, whatever comes."""
    clock = SourceClock(period_s)
    found = [clock.see(stamp, arrived) for stamp, arrived in frames]
    assert found[0] == (0.0, 0.0)
    assert all(one.pts_s < other.pts_s for one, other in itertools.pairwise(found))
    return found


def jumps(found: list[SourceTime]) -> dict[int, float]:
    """The jumps by the number of their frame."""
    return {number: moment.jump_s for number, moment in enumerate(found) if moment.jump_s}


def steady(count: int, jitter_s: float = 0.0, first_s: float = 100.0) -> np.ndarray:
    """When frames arrive that are sent at the usual rate: float64 [count] seconds, in order."""
    noise = np.random.default_rng(7).exponential(jitter_s, count) if jitter_s else np.zeros(count)
    return np.maximum.accumulate(first_s + np.arange(count) / FPS + noise)


def test_stamps_that_go_on_are_kept_whatever_the_network_does_to_their_arrival() -> None:
    sent = np.arange(2000) / FPS
    found = follow(zip(1.4 + sent, steady(2000, 0.05), strict=True))
    assert jumps(found) == {}
    assert [moment.pts_s for moment in found] == pytest.approx(sent)


@pytest.mark.parametrize("jump_s", [36_000.0, 60.0, 1.0, -1.0, -60.0, -36_000.0])
@pytest.mark.parametrize("jitter_s", [0.0, 0.03])
def test_after_a_jump_the_capture_clock_goes_on(jump_s: float, jitter_s: float) -> None:
    arrived = steady(500, jitter_s)
    stamps = 50_000 + np.arange(500) / FPS
    stamps[200:] += jump_s
    found = follow(zip(stamps, arrived, strict=True))
    assert list(jumps(found)) == [200]
    assert jumps(found)[200] == pytest.approx(jump_s, abs=0.3)
    steps = np.diff([moment.pts_s for moment in found])
    assert steps == pytest.approx(np.full(499, 1 / FPS), abs=0.3), "neither a hole nor a heap"
    assert np.delete(steps, 199) == pytest.approx(np.full(498, 1 / FPS))
    assert found[-1].pts_s == pytest.approx(499 / FPS, abs=0.3)


@pytest.mark.parametrize("period_s", [None, WRAP_S])
def test_the_end_of_a_33_bit_counter_is_no_hole(period_s: float | None) -> None:
    """And no jump where the counter is known to end there."""
    stamps = np.mod(WRAP_S - 4.0 + np.arange(250) / FPS, WRAP_S)
    found = follow(zip(stamps, steady(250), strict=True), period_s)
    assert len(jumps(found)) == (period_s is None)
    assert [moment.pts_s for moment in found] == pytest.approx(np.arange(250) / FPS)


def test_a_clock_that_ran_back_is_not_taken_for_one_at_its_end() -> None:
    """FFmpeg adds the counter's whole length to stamps before the first one."""
    stamps = 500.0 + np.arange(200) / FPS
    stamps[100:] += WRAP_S - 60.0
    found = follow(zip(stamps, steady(200), strict=True), WRAP_S)
    assert jumps(found) == {100: pytest.approx(-60.0)}


def test_a_pause_in_which_both_clocks_go_on_stays_a_pause() -> None:
    sent = np.arange(100) / FPS
    sent[50:] += 5.0
    found = follow(zip(7.0 + sent, 100.0 + sent, strict=True))
    assert jumps(found) == {}
    assert found[50].pts_s - found[49].pts_s == pytest.approx(5.0 + 1 / FPS)


@pytest.mark.parametrize("speed", [1.25, 4.0, np.inf])
@pytest.mark.parametrize("lost", [0, 30])
def test_a_network_that_stands_still_and_then_delivers_everything_is_no_jump(speed: float, lost: int) -> None:
    """At once or bit by bit, and also where it has lost a part of what it held back."""
    sent = np.arange(1000) / FPS
    held = 2.0 + (sent - sent[100]) / speed + sent[100]
    arrived = 100.0 + np.where(np.arange(1000) >= 100, np.maximum(held, sent), sent)
    kept = np.r_[0:110, 110 + lost : 1000]
    found = follow(zip(3.0 + sent[kept], arrived[kept], strict=True))
    assert jumps(found) == {}
    assert [moment.pts_s for moment in found] == pytest.approx(sent[kept])


def test_a_server_that_sends_its_store_first_is_no_jump() -> None:
    """As many do for a new viewer: ten seconds of pictures at once, from the last key frame on."""
    sent = np.arange(1000) / FPS
    found = follow(zip(sent, 100.0 + np.maximum(sent, 10.0), strict=True))
    assert jumps(found) == {}
    assert found[-1].pts_s == pytest.approx(sent[-1])


def test_a_clock_that_stood_still_with_its_pictures_has_lost_that_time() -> None:
    sent = np.arange(1000) / FPS
    arrived = 100.0 + sent + np.where(np.arange(1000) >= 300, 2.0, 0.0)
    found = follow(zip(sent, arrived, strict=True))
    (number,) = jumps(found)
    assert jumps(found)[number] == pytest.approx(-2.0, abs=0.05)
    assert 300 < number <= 300 + 6 * FPS, "told from a slow network within six seconds"
    assert found[-1].pts_s == pytest.approx(arrived[-1] - 100.0, abs=0.05)


@pytest.mark.parametrize("drift", [100e-6, -100e-6])
def test_two_clocks_drift_apart_for_hours(drift: float) -> None:
    hours = np.arange(0, 3 * 3600, 1 / 5)
    noise = np.random.default_rng(1).exponential(0.03, hours.size)
    arrived = np.maximum.accumulate(100.0 + hours + noise)
    found = follow(zip(hours * (1 + drift), arrived, strict=True))
    assert jumps(found) == {}
    assert found[-1].pts_s == pytest.approx(hours[-1] * (1 + drift)), "the distance of frames is the source's"


def test_jumps_come_again_and_again_and_their_errors_do_not_add_up() -> None:
    count = 25 * 600
    arrived = steady(count, 0.01)
    stamps = 40_000 + np.arange(count) / FPS
    for number, first in enumerate(range(250, count, 250)):
        stamps[first:] += (-1) ** number * (60 + number)
    found = follow(zip(stamps, arrived, strict=True))
    assert list(jumps(found)) == list(range(250, count, 250))
    assert found[-1].pts_s == pytest.approx(count / FPS, abs=0.5)


def test_a_jump_soon_after_a_stall_is_one_jump() -> None:
    """A sender that dies slowly: its last pictures come late, the new one's in time."""
    sent = np.arange(600) / FPS
    arrived = 100.0 + sent + np.where(np.arange(600) >= 195, 0.9, 0.0)
    stamps = 9.0 + sent
    stamps[200:] = np.arange(400) / FPS
    assert list(jumps(follow(zip(stamps, arrived, strict=True)))) == [200]


def test_one_wrong_stamp_moves_one_frame() -> None:
    for wrong_s in (36_000.0, -3.0, 3.0):
        stamps = 9.0 + np.arange(200) / FPS
        stamps[100] += wrong_s
        found = follow(zip(stamps, steady(200), strict=True))
        assert [moment.pts_s for moment in found] == pytest.approx(np.arange(200) / FPS)


def test_frames_without_a_stamp_stand_where_they_were_captured() -> None:
    sent = np.arange(200) / FPS
    stamps: list[float | None] = list(9.0 + sent)
    stamps[0] = stamps[1] = stamps[60] = stamps[199] = None
    found = follow(zip(stamps, steady(200), strict=True))
    assert [moment.pts_s for moment in found] == pytest.approx(sent)
    none = follow((None, arrived) for arrived in steady(200, 0.01))
    assert none[-1].pts_s == pytest.approx(steady(200, 0.01)[-1] - steady(200, 0.01)[0])
    assert jumps(found) == jumps(none) == {}


def test_a_stamp_that_comes_twice_or_runs_back_a_little_makes_no_heap() -> None:
    """A coarse clock gives two frames one stamp; a small correction runs back. Nothing is told, nothing adds up."""
    doubled = np.repeat(np.arange(100) * 2 / FPS, 2)
    found = follow(zip(doubled, steady(200), strict=True))
    assert [moment.pts_s for moment in found] == pytest.approx(np.arange(200) / FPS, abs=0.03)
    stamps = np.arange(200) / FPS
    stamps[100:] -= 0.3
    set_back = follow(zip(stamps, steady(200), strict=True))
    assert min(np.diff([moment.pts_s for moment in set_back])) > 0.4 / FPS
    assert set_back[-1].pts_s == pytest.approx(stamps[-1])
    assert jumps(found) == jumps(set_back) == {}


def test_a_clock_that_stands_still_is_left_for_the_capture_clock() -> None:
    found = follow(zip(np.full(500, 9.0), steady(500), strict=True))
    assert [moment.pts_s for moment in found] == pytest.approx(np.arange(500) / FPS, abs=0.6)


def test_one_frame_a_second_may_be_a_second_late() -> None:
    rng = np.random.default_rng(3)
    sent = np.arange(300.0)
    found = follow(zip(sent, 100.0 + sent + rng.uniform(0.0, 0.95, 300), strict=True))
    assert jumps(found) == {}
