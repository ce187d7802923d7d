"""The policy for times: which stamps hold, and what time the other frames have."""

from __future__ import annotations

import itertools
import random

import pytest

from polyplive.sources.reading.timeline import Clock, RunningTimes, Timeline, usual_step

MS = Clock(0.001, 40.0)
SENDER = Clock(1 / 90_000, 3600.0, may_jump=True)


def times_ms(stamps: list[int | None], clock: Clock = MS) -> list[int]:
    line = Timeline(stamps, clock)
    return [round(line.time_s(number) * 1000) for number in range(len(line))]


def repaired(stamps: list[int | None], clock: Clock = MS) -> list[int]:
    line = Timeline(stamps, clock)
    return [number for number in range(len(line)) if line.time(number).is_repaired]


def regular(count: int, first: int = 0, step: int = 40) -> list[int | None]:
    return [first + step * number for number in range(count)]


def test_sound_stamps_are_the_times_whatever_the_rate() -> None:
    chance = random.Random(1)
    stamps: list[int | None] = [7000]
    for _ in range(500):
        stamps.append(stamps[-1] + chance.choice((1, 7, 33, 40, 180, 5000, 120_000, 20_000_000)))
    assert times_ms(stamps) == [stamp - 7000 for stamp in stamps]
    assert repaired(stamps) == []


@pytest.mark.parametrize("wrong", [3_600_000, -3_600_000, 1200 + 50, 1200 - 50, 1160, 1240])
def test_one_wrong_stamp_costs_its_own_time_only(wrong: int) -> None:
    stamps = regular(100)
    stamps[30] = wrong
    times = times_ms(stamps)
    others = [number for number in range(100) if number not in (29, 30, 31)]
    assert [times[number] for number in others] == [40 * number for number in others]
    assert 1120 < times[29] < times[30] < times[31] < 1280
    assert len(repaired(stamps)) == 1


def test_which_of_two_equal_stamps_is_wrong_is_seen_from_the_steps() -> None:
    late, early = regular(60), regular(60)
    late[30] = late[29]
    early[29] = early[30]
    assert times_ms(late) == times_ms(early) == regular(60)


def test_a_clock_too_coarse_for_the_rate_gives_steps_of_the_true_rate() -> None:
    pairs: list[int | None] = [80 * (number // 2) for number in range(60)]
    assert times_ms(pairs, Clock(0.001, usual_step(pairs) or 0.0)) == regular(60)


@pytest.mark.parametrize("number", [0, 59])
def test_the_first_and_the_last_stamp_may_be_wrong(number: int) -> None:
    stamps = regular(60, 5000)
    stamps[number] = 9_000_000 if number == 0 else 10
    assert times_ms(stamps) == regular(60)
    assert repaired(stamps) == [number]


@pytest.mark.parametrize("behind", [70_000, 36_000_000])
def test_a_first_stamp_far_behind_is_no_pause(behind: int) -> None:
    stamps = regular(60, 50_000_000)
    stamps[0] = 50_000_000 - behind
    assert times_ms(stamps) == regular(60)
    assert repaired(stamps) == [0]
    few = [0, 36_000_000, 36_000_040]
    assert times_ms(few) == few, "too few to say what is usual"


def test_a_missing_stamp_is_set_between_its_neighbours() -> None:
    stamps = regular(60)
    stamps[0] = stamps[20] = stamps[21] = stamps[59] = None
    assert times_ms(stamps) == regular(60)
    assert repaired(stamps) == [0, 20, 21, 59]


def test_a_frame_without_a_stamp_at_the_end_of_a_pause_is_not_in_the_middle_of_it() -> None:
    stamps = [*regular(30), *regular(30, 61_200)]
    stamps[30] = None
    assert times_ms(stamps)[30] == 1200


def test_a_clock_that_starts_again_goes_on() -> None:
    joined = [*regular(50, 100_000), *regular(50, 300)]
    assert times_ms(joined) == regular(100)
    assert repaired(joined) == [50], "said once"
    line = Timeline(joined, MS)
    assert line.time(49).stamp_s == pytest.approx(101.96)
    assert line.time(50).stamp_s == pytest.approx(0.3), (
        "the container's own clock, which its sound follows, starts again"
    )


def test_a_run_of_wrong_stamps_is_no_new_clock_if_the_clock_returns() -> None:
    stamps = regular(100)
    stamps[40:48] = regular(8, 36_000_000)
    assert times_ms(stamps) == regular(100)
    assert repaired(stamps) == list(range(40, 48))


def test_a_sender_whose_clock_was_set_leaves_no_hole_and_a_recorders_pause_stays() -> None:
    stamps = [*regular(50, 0, 3600), *regular(50, 90_000 * 36_000, 3600)]
    assert times_ms(stamps, SENDER) == regular(100)
    other = Clock(1 / 90_000, 3600.0)
    assert times_ms(stamps, other)[50] == 36_000_000


def test_streams_that_stamp_some_frames_are_in_order() -> None:
    stamps: list[int | None] = [40 * number if number % 12 == 0 else None for number in range(120)]
    assert times_ms(stamps) == regular(120)
    assert repaired(stamps) == []


def test_without_any_stamp_frames_follow_the_rate() -> None:
    assert times_ms([None] * 10) == regular(10)
    assert times_ms([]) == []


@pytest.mark.parametrize("seed", range(20))
def test_times_rise_strictly_and_each_leads_back_to_its_frame(seed: int) -> None:
    chance = random.Random(seed)
    stamps = [None if chance.random() < 0.1 else chance.randrange(10**8) for _ in range(300)]
    line = Timeline(stamps, Clock(0.001, usual_step(stamps) or 40.0))
    times = [line.time_s(number) for number in range(300)]
    assert all(after > before for before, after in itertools.pairwise(times))
    assert [line.number_at(time) for time in times] == list(range(300))
    assert [line.number_at(round(time, 6)) for time in times] == list(range(300))
    assert (line.number_at(-5.0), line.number_at(1e9)) == (0, 299)


def test_moved_stamps_are_judged_again_from_there_on() -> None:
    stamps = regular(200)
    stamps[100] = None
    line = Timeline(stamps, MS)
    stamps[150] = stamps[149]
    line.refresh(stamps, 150)
    assert [round(line.time_s(number) * 1000) for number in range(200)] == regular(200)
    assert [number for number in range(200) if line.time(number).is_repaired] == [100, 150]


@pytest.mark.parametrize("wrong", [None, 3_600_000, 0, 1160])
def test_a_stamp_is_judged_by_the_next_ones_where_the_whole_is_not_known(wrong: int | None) -> None:
    stamps = regular(100)
    stamps[30] = wrong
    running = RunningTimes(MS)
    times, flags = [], []
    for number, stamp in enumerate(stamps):
        doubts = running.doubts(stamp)
        assert not doubts or number in (30, 31) or number == 0
        time = running.time(stamp, stamps[number + 1 : number + 17] if doubts else [])
        times.append(round(time.time_s * 1000))
        flags.append(time.is_repaired)
    assert times[:30] == regular(30)
    assert times[31:] == regular(69, 1240)
    assert 1160 < times[30] < 1240
    assert [number for number, flag in enumerate(flags) if flag] == [30]


def test_a_running_clock_goes_on_where_the_container_starts_again() -> None:
    stamps = [*regular(50, 100_000), *regular(50, 300)]
    running = RunningTimes(MS)
    given = [
        running.time(stamp, stamps[n + 1 : n + 17] if running.doubts(stamp) else []) for n, stamp in enumerate(stamps)
    ]
    assert [round(time.time_s * 1000) for time in given] == regular(100)
    assert [round(time.stamp_s * 1000) for time in given] == stamps
