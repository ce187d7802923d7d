"""Every fault that a theatre sees: video goes on, the state says what is wrong, and it mends itself."""

from __future__ import annotations

import dataclasses
import functools
import json
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
from faulty_engines import GROWTH_MIB, open_faulty
from live_rig import HEIGHT, PATIENT, PATIENT_MS, PATIENT_S, WIDTH, Rig, open_sound, picture
from processes import PATIENCE_S, is_alive, shared_memory

from polyplive.backends.factory import open_engine
from polyplive.errors import ModelNotFound, SourceLost
from polyplive.sessions.live import LiveSession, capture, results
from polyplive.sessions.live.watchdog import SleepWatch
from polyplive.sessions.recorder.recorder import Recorder
from polyplive.sessions.recorder.thread import ResultsThread
from polyplive.sinks.events import EventsSink
from polyplive.types import SessionState

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.sessions.view import View


def accounted(rig: Rig) -> None:
    """Every frame that the source gave is somewhere, on both ways."""
    summary = rig.session.summary()
    tally = summary.tally
    assert tally.read == tally.processed + sum(tally.dropped.values())
    lost_before = sum(sum(source.lost.values()) for source in rig.sources)
    assert tally.read - lost_before == summary.shown + sum(summary.unshown.values())


@pytest.fixture
def rig():
    """A session with a screen, as patient as a busy machine needs it until a test sets limits."""
    before = set(threading.enumerate())
    made = Rig({"with_screen": True})
    with made:
        yield made
    accounted(made)
    assert not [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("polyplive")]


def is_ready(rig: Rig) -> bool:
    return rig.session.state[0] is SessionState.READY


def test_all_is_well(rig: Rig) -> None:
    rig.stream_until(lambda: is_ready(rig) and rig.session.view().prediction is not None)
    view = rig.show()
    assert view.frame is not None
    assert view.prediction.detections
    assert rig.session.summary().video_delay is not None


class Gate:
    """Blocks the calls from number ``first`` on until it is opened."""

    def __init__(self, first: int, last: int = 10**9) -> None:
        self.first, self.last = first, last
        self.opened = threading.Event()
        self.entered = threading.Event()

    def __call__(self, call: int) -> None:
        if self.first <= call <= self.last:
            self.entered.set()
            assert self.opened.wait(PATIENCE_S)


@pytest.mark.parametrize("fault", ["hang", "hang with Python's lock", "kill", "null pointer"])
def test_an_engine_that_hangs_or_crashes_costs_no_frame_of_video(fault: str, tmp_path: Path) -> None:
    """The engine is a real process; the first one fails at its 20th frame, the next is sound."""
    openers = (functools.partial(open_faulty, fault=fault, first=20), open_faulty)
    shm, events = shared_memory(), tmp_path / "events.jsonl"
    recorders = (ResultsThread(Recorder([EventsSink(events)])),)
    with Rig({"with_screen": True, "recorders": recorders}, openers=openers) as rig:
        for number in range(1, 20):
            rig.send()
            rig.wait(lambda number=number: rig.session.summary().tally.processed == number, "a sound answer")
            rig.show()
        rig.engines[0]._limits = dataclasses.replace(rig.engines[0]._limits, answer_s=1.0)
        shown, unshown = rig.session.summary().shown, sum(rig.session.summary().unshown.values())
        for _ in range(1000):
            rig.send()
            rig.wait(lambda: rig.session.summary().tally.read == rig.sent, "read")
            assert np.array_equal(rig.show().frame.image, picture(rig.sent - 1)), "not the newest frame"
        assert rig.session.summary().shown - shown == 1000, "every frame was displayed"
        assert sum(rig.session.summary().unshown.values()) == unshown
        rig.stream_until(lambda: rig.session.summary().engine_starts == 2)
        rig.stream_until(lambda: is_ready(rig) and rig.show().prediction is not None)
        cause = "hung" if fault.startswith("hang") else "failed"
        assert rig.session.summary().tally.dropped[cause] == 1
        assert {one.track for one in rig.show().prediction.detections} == {1}, "the finding keeps its number"
    accounted(rig)
    words = "not answered for 1 s" if fault.startswith("hang") else "ended by itself"
    states = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines() if '"state"' in line]
    assert any(words in line["reason"] and "started again" in line["reason"] for line in states), states
    assert not any(is_alive(engine.process_id) for engine in rig.engines)
    assert shared_memory() <= shm


def test_a_result_that_took_too_long_is_never_drawn() -> None:
    gate = Gate(10, 10)
    with Rig({"with_screen": True}, gate) as rig:
        rig.stream_until(gate.entered.is_set)
        rig.set_limits(max_age_ms=200.0)
        rig.stream_until(lambda: rig.session.state[0] is SessionState.STALE)
        view = rig.show()
        assert view.prediction is None
        assert "younger" in view.reason
        rig.set_limits(max_age_ms=PATIENT_MS)
        gate.opened.set()
        rig.stream_until(lambda: is_ready(rig))
        assert rig.session.summary().engine_starts == 1, "slow is not broken"
    accounted(rig)


@pytest.mark.parametrize("fault", ["raise", "nan"])
def test_an_answer_that_fails_costs_one_frame(fault: str) -> None:
    with Rig({"with_screen": True}, lambda call: fault if call == 5 else None) as rig:
        rig.stream_until(lambda: rig.session.summary().tally.dropped.get("failed") == 1)
        rig.stream_until(lambda: is_ready(rig))
        assert rig.session.summary().engine_starts == 1
    accounted(rig)


def test_an_engine_that_always_fails_is_started_again() -> None:
    with Rig({"with_screen": True}) as rig:
        seen = threading.Event()
        rig.faults = lambda _: None if seen.is_set() else "raise"
        rig.stream_until(lambda: rig.session.state[0] is SessionState.FAULT and len(rig.engines) > 1)
        assert "The runtime failed" in rig.session.state[1]
        seen.set()
        rig.stream_until(lambda: is_ready(rig))
        assert rig.session.summary().engine_starts == len(rig.engines) > 1
    accounted(rig)


def test_an_engine_under_which_memory_grows_is_started_again() -> None:
    openers = (functools.partial(open_faulty, fault="grow", first=52), open_faulty)
    patience = dataclasses.replace(PATIENT, memory_growth_mib=2.5 * GROWTH_MIB)
    with Rig({"settings": patience, "with_screen": True}, openers=openers) as rig:
        rig.stream_until(lambda: rig.session.summary().engine_starts == 2)
        rig.stream_until(lambda: is_ready(rig))
        assert not is_alive(rig.engines[0].process_id)
    accounted(rig)


def test_a_model_that_does_not_exist_ends_the_session_with_its_error() -> None:
    openers = (functools.partial(open_engine, "nosuch", "auto", None),)
    with Rig({"with_screen": True}, openers=openers) as rig:
        assert rig.session.wait(PATIENCE_S)
    summary = rig.session.summary()
    assert isinstance(summary.error, ModelNotFound)
    assert summary.reason.startswith("error: No model 'nosuch'")
    assert summary.engine_starts == 1


def test_a_pulled_cable_is_seen_and_put_back(rig: Rig) -> None:
    rig.stream_until(lambda: is_ready(rig))
    rig.is_unplugged = True
    rig.feed.put(SourceLost("'card' gives no more frames", "Check the cable."))
    reasons: list[str] = []
    rig.wait(lambda: reasons.append(rig.wait_state(SessionState.RECONNECTING)) or "no more frames" in reasons[-1])
    lost = rig.show()
    assert lost.prediction is None
    assert lost.figures.fps is None is lost.figures.video_delay_ms is lost.figures.annotation_delay_ms
    assert 0 <= lost.next_try_s <= capture.FIRST_DELAY_S * 2**rig.refused
    rig.wait(lambda: rig.session.view().picture_age_s > lost.picture_age_s, "the last picture grows older")
    rig.wait(lambda: rig.refused, "the first try")
    assert rig.session.view().next_try_s <= capture.FIRST_DELAY_S * 2 ** (rig.refused + 1)
    rig.is_unplugged = False
    rig.stream_until(lambda: is_ready(rig) and rig.show().prediction is not None)
    summary = rig.session.summary()
    assert summary.source_opens == 2


def test_numbers_and_times_go_on_when_the_source_is_opened_again() -> None:
    with Rig({"with_screen": True}) as rig:
        rig.stream_until(lambda: is_ready(rig))
        before = rig.show().frame
        rig.is_unplugged = True
        rig.feed.put(SourceLost("gone"))
        rig.wait_state(SessionState.RECONNECTING)
        rig.is_unplugged = False
        rig.stream_until(lambda: rig.session.summary().source_opens == 2 and is_ready(rig))
        after = rig.show().frame
        assert after.index > before.index
        assert after.pts_s > before.pts_s


def test_a_driver_that_never_returns_is_left_and_the_source_opened_again(rig: Rig) -> None:
    rig.stream_until(lambda: is_ready(rig))
    release = threading.Event()
    rig.feed.put(lambda: release.wait(PATIENCE_S))
    rig.set_limits(no_signal_s=0.1)
    assert "No picture has come" in rig.wait_state(SessionState.NO_SIGNAL)
    rig.is_unplugged = True  # whatever is opened again stays so until it was seen
    rig.set_limits(reopen_s=0.2)
    rig.wait_state(SessionState.RECONNECTING)
    rig.set_limits(no_signal_s=PATIENT_S, reopen_s=PATIENT_S)
    rig.is_unplugged = False
    rig.stream_until(lambda: is_ready(rig))
    assert rig.session.summary().source_opens == 2
    release.set()


@pytest.mark.parametrize(
    ("still", "words"),
    [(picture(7), "stopped changing"), (np.full((HEIGHT, WIDTH, 3), (200, 30, 30), np.uint8), "flat colour")],
    ids=["repeated", "flat"],
)
def test_a_lost_signal_is_seen_by_what_the_card_sends(rig: Rig, still: np.ndarray, words: str) -> None:
    rig.stream_until(lambda: is_ready(rig))
    rig.set_limits(no_signal_s=0.4)
    views: list[View] = []
    rig.stream_until(lambda: views.append(rig.show()) or words in views[-1].reason, still=still)
    assert views[-1].state is SessionState.NO_SIGNAL
    assert views[-1].prediction is None
    assert views[-1].frame is not None, "the picture stays"
    rig.set_limits(no_signal_s=PATIENT_S)
    rig.stream_until(lambda: is_ready(rig))


def test_a_read_that_hangs_is_not_taken_for_another_program_that_uses_the_device(rig: Rig) -> None:
    rig.stream_until(lambda: is_ready(rig))
    let_go = threading.Event()
    rig.feed.put(let_go.wait)
    rig.is_unplugged = True
    rig.set_limits(no_signal_s=0.05, reopen_s=0.1)
    try:
        rig.wait(lambda: "An earlier read has not returned" in rig.session.view().reason)
    finally:
        let_go.set()
    rig.set_limits(no_signal_s=PATIENT_S, reopen_s=PATIENT_S)
    rig.is_unplugged = False
    rig.stream_until(lambda: is_ready(rig))


def test_a_picture_of_another_size_gets_no_overlay_of_the_old_one() -> None:
    gate = Gate(10**9)
    with Rig({"with_screen": True}, gate) as rig:
        rig.stream_until(lambda: is_ready(rig) and rig.show().prediction is not None)
        gate.first = 0  # from here on there is no new result
        rig.feed.put(picture(10_000, 2 * WIDTH, 2 * HEIGHT))
        rig.wait(gate.entered.is_set)
        view = rig.session.view()
        assert view.frame.width == 2 * WIDTH
        assert view.prediction is None, "the overlay of the old size"
        gate.first = 10**9
        gate.opened.set()
        larger = picture(10_001, 2 * WIDTH, 2 * HEIGHT)
        rig.stream_until(lambda: rig.show().prediction is not None, "no overlay on the new size", larger)
        view = rig.show()
        assert view.prediction.roi.width == view.frame.width
    accounted(rig)


def test_frames_that_nobody_could_see_are_counted_as_hidden(rig: Rig) -> None:
    rig.stream_until(lambda: is_ready(rig))
    rig.session.set_screen_visible(False)
    rig.send(20)
    rig.wait(lambda: rig.session.summary().tally.read >= rig.sent)
    assert rig.session.summary().unshown["hidden"] >= 19
    rig.session.set_screen_visible(True)
    rig.stream_until(lambda: is_ready(rig))


def test_sleep_is_noticed_by_the_clock_that_runs_on() -> None:
    extra = [0.0]
    import time

    watch = SleepWatch(lambda: time.monotonic() + extra[0])
    assert watch.slept_s() == 0
    extra[0] = 3600
    assert watch.slept_s() == pytest.approx(3600, abs=1)
    assert watch.slept_s() == 0


def test_after_sleep_the_source_is_opened_again(rig: Rig) -> None:
    rig.stream_until(lambda: is_ready(rig))
    with rig.session._lock:
        rig.session._source._sleep._ahead_s -= 100
    rig.stream_until(lambda: rig.session.summary().source_opens == 2)
    rig.stream_until(lambda: is_ready(rig))


def test_a_session_of_few_frames_waits_for_the_model_to_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "_LAST_FRAME_S", 0.2)
    opening = threading.Event()

    class SlowToOpen(Rig):
        def open_engine(self, interrupt):
            opening.wait(PATIENCE_S)
            return super().open_engine(interrupt)

    with SlowToOpen({"frames": 3}) as rig:
        rig.send(3)
        assert not rig.session.wait(0.6), "longer than it waits for the last frame of an open model"
        monkeypatch.setattr(results, "_LAST_FRAME_S", PATIENCE_S)
        opening.set()
        assert rig.session.wait(PATIENCE_S)
    assert rig.session.summary().tally.processed == 1, "the newest frame"


def test_what_a_session_waits_for_its_last_frame_counts_from_when_the_model_is_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(results, "_LAST_FRAME_S", 0.2)
    gate, opening = Gate(1), threading.Event()

    class SlowToOpen(Rig):
        def open_engine(self, interrupt):
            opening.wait(PATIENCE_S)
            return super().open_engine(interrupt)

    with SlowToOpen({"frames": 1}, gate) as rig:
        rig.send()
        rig.wait(lambda: rig.session._finishing_s is not None)
        with rig.session._lock:
            rig.session._finishing_s -= 3600  # so long the model took to open
        monkeypatch.setattr(results, "_LAST_FRAME_S", PATIENCE_S)
        opening.set()
        rig.wait(gate.entered.is_set)
        assert not rig.session.wait(0.5), "several looks of the watchdog"
        gate.opened.set()
        assert rig.session.wait(PATIENCE_S)
    assert rig.session.summary().tally.processed == 1


def test_what_takes_long_before_the_model_opens_is_on_screen_as_the_reason() -> None:
    class Measures:
        doing = "This machine is being measured."
        opening = threading.Event()

        def __call__(self, interrupt):
            self.opening.wait(PATIENCE_S)
            self.doing = ""
            return open_sound(interrupt)

    opener = Measures()
    rig = Rig({"with_screen": True})
    rig.parts = dataclasses.replace(rig.parts, open_engine=opener)
    rig.session = LiveSession(rig.parts)
    with rig:
        rig.stream_until(lambda: rig.session.state == (SessionState.STALE, opener.doing))
        assert rig.show().frame is not None, "video does not wait for it"
        opener.opening.set()
        rig.stream_until(lambda: is_ready(rig))


def test_the_frame_limit_ends_the_session_with_every_frame_accounted_for() -> None:
    with Rig({"frames": 30}) as rig:
        rig.send(40, every_s=0.002)
        assert rig.session.wait(PATIENCE_S)
    tally = rig.session.summary().tally
    assert tally.read == 30
    assert tally.read == tally.processed + sum(tally.dropped.values())
    assert rig.session.summary().reason == "frame limit"
