"""Every fault that a theatre sees: video goes on, the state says what is wrong, and it mends itself."""

from __future__ import annotations

import dataclasses
import functools
import threading

import numpy as np
import pytest
from faulty_engines import GROWTH_MIB, open_faulty
from live_rig import HEIGHT, PATIENT_MS, WIDTH, Rig, open_sound, picture
from processes import is_alive, shared_memory

from polyplive.backends.factory import open_engine
from polyplive.config import LiveSettings
from polyplive.errors import ModelNotFound, SourceLost, SourceNotFound
from polyplive.sessions.live import LiveSession
from polyplive.sessions.live.watchdog import SleepWatch
from polyplive.types import SessionState

FAST = LiveSettings(PATIENT_MS, no_signal_s=0.4, reopen_s=1.0, engine_timeout_s=0.8, governor=False)


def accounted(rig: Rig) -> None:
    """Every frame that the source gave is somewhere, on both ways."""
    summary = rig.session.summary()
    tally = summary.tally
    assert tally.read == tally.processed + sum(tally.dropped.values())
    lost_before = sum(sum(source.lost.values()) for source in rig.sources)
    assert tally.read - lost_before == summary.shown + sum(summary.unshown.values())


@pytest.fixture
def rig(request: pytest.FixtureRequest):
    """A session with a screen and short patience; ``request.param`` is the engine's schedule of faults."""
    before = set(threading.enumerate())
    made = Rig({"settings": FAST, "with_screen": True}, getattr(request, "param", lambda _: None))
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
            assert self.opened.wait(60)


@pytest.mark.parametrize("fault", ["hang", "hang with Python's lock", "kill", "null pointer"])
def test_an_engine_that_hangs_or_crashes_costs_no_frame_of_video(fault: str) -> None:
    """The engine is a real process; the first one fails at its 100th frame, the next is sound."""
    openers = (functools.partial(open_faulty, fault=fault, first=100), open_faulty)
    shm = shared_memory()
    patience = dataclasses.replace(FAST, engine_timeout_s=3.0)  # a busy machine is no fault
    with Rig({"settings": patience, "with_screen": True}, openers=openers) as rig:
        rig.stream_until(lambda: rig.session.summary().tally.processed == 99)
        shown, unshown = rig.session.summary().shown, sum(rig.session.summary().unshown.values())
        reasons = set()
        for _ in range(1000):
            rig.send()
            rig.wait(lambda: rig.session.summary().tally.read == rig.sent, "read")
            view = rig.show()
            reasons.add(view.reason)
            assert np.array_equal(view.frame.image, picture(rig.sent - 1)), "not the newest frame"
        assert rig.session.summary().shown - shown == 1000, "every frame was displayed"
        assert sum(rig.session.summary().unshown.values()) - unshown <= 1
        words = "not answered for 3 s" if fault.startswith("hang") else "ended by itself"
        rig.stream_until(lambda: reasons.add(rig.session.state[1]) or rig.session.summary().engine_starts == 2)
        rig.stream_until(lambda: is_ready(rig) and rig.show().prediction is not None)
        assert any(words in reason and "started again" in reason for reason in reasons), reasons
        cause = "hung" if fault.startswith("hang") else "failed"
        assert rig.session.summary().tally.dropped[cause] == 1
        assert {one.track for one in rig.show().prediction.detections} == {1}, "the finding keeps its number"
    accounted(rig)
    assert not any(is_alive(engine.process_id) for engine in rig.engines)
    assert shared_memory() <= shm


def test_a_result_that_took_3_seconds_is_never_drawn() -> None:
    gate = Gate(10, 10)
    patient = LiveSettings(PATIENT_MS, engine_timeout_s=60)
    with Rig({"settings": patient, "with_screen": True}, gate) as rig:
        rig.stream_until(gate.entered.is_set)
        rig.stream_until(lambda: rig.session.state[0] is SessionState.STALE)
        view = rig.show()
        assert view.prediction is None
        assert "younger" in view.reason
        slow = rig.sources[0]._count
        gate.opened.set()
        rig.stream_until(lambda: is_ready(rig))
        assert rig.session.summary().engine_starts == 1, "slow is not broken"
        assert slow > 0
    accounted(rig)


@pytest.mark.parametrize("fault", ["raise", "nan"])
def test_an_answer_that_fails_costs_one_frame(fault: str) -> None:
    with Rig({"settings": FAST, "with_screen": True}, lambda call: fault if call == 5 else None) as rig:
        rig.stream_until(lambda: rig.session.summary().tally.dropped.get("failed") == 1)
        rig.stream_until(lambda: is_ready(rig))
        assert rig.session.summary().engine_starts == 1
    accounted(rig)


def test_an_engine_that_always_fails_is_started_again() -> None:
    with Rig({"settings": FAST, "with_screen": True}) as rig:
        rig.faults = lambda _: "raise" if len(rig.engines) == 1 else None
        rig.stream_until(lambda: rig.session.state[0] is SessionState.FAULT)
        reason = rig.session.state[1]
        assert "The runtime failed" in reason
        rig.stream_until(lambda: is_ready(rig))
        assert rig.session.summary().engine_starts == 2
    accounted(rig)


def test_an_engine_under_which_memory_grows_is_started_again() -> None:
    openers = (functools.partial(open_faulty, fault="grow", first=52), open_faulty)
    patience = dataclasses.replace(FAST, engine_timeout_s=60.0, memory_growth_mib=2.5 * GROWTH_MIB)
    with Rig({"settings": patience, "with_screen": True}, openers=openers) as rig:
        rig.stream_until(lambda: rig.session.summary().engine_starts == 2)
        rig.stream_until(lambda: is_ready(rig))
        assert not is_alive(rig.engines[0].process_id)
    accounted(rig)


def test_a_model_that_does_not_exist_ends_the_session_with_its_error() -> None:
    openers = (functools.partial(open_engine, "nosuch", "auto", None),)
    with Rig({"settings": FAST, "with_screen": True}, openers=openers) as rig:
        assert rig.session.wait(60)
    summary = rig.session.summary()
    assert isinstance(summary.error, ModelNotFound)
    assert summary.reason.startswith("error: No model 'nosuch'")
    assert summary.engine_starts == 1


def test_a_pulled_cable_is_seen_and_put_back(rig: Rig) -> None:
    rig.stream_until(lambda: is_ready(rig))
    rig.refusals = [SourceNotFound("There is no device", "Plug it in.") for _ in range(2)]
    rig.feed.put(SourceLost("'card' gives no more frames", "Check the cable."))
    reason = rig.wait_state(SessionState.RECONNECTING)
    assert "gives no more frames" in reason
    lost = rig.show()
    assert lost.prediction is None
    assert lost.figures.fps is None is lost.figures.video_delay_ms is lost.figures.annotation_delay_ms
    assert 0 <= lost.next_try_s <= 0.25
    rig.wait(lambda: rig.session.view().picture_age_s > lost.picture_age_s, "the last picture grows older")
    rig.wait(lambda: len(rig.refusals) == 1, "the first try")
    assert rig.session.view().next_try_s <= 1.0
    rig.stream_until(lambda: is_ready(rig) and rig.show().prediction is not None)
    summary = rig.session.summary()
    assert summary.source_opens == 2


def test_numbers_and_times_go_on_when_the_source_is_opened_again() -> None:
    with Rig({"settings": FAST, "with_screen": True}) as rig:
        rig.stream_until(lambda: is_ready(rig))
        before = rig.show().frame
        rig.feed.put(SourceLost("gone"))
        rig.wait(lambda: rig.session.state[0] is SessionState.RECONNECTING)
        rig.stream_until(lambda: rig.session.summary().source_opens == 2 and is_ready(rig))
        after = rig.show().frame
        assert after.index > before.index
        assert after.pts_s > before.pts_s


def test_a_driver_that_never_returns_is_left_and_the_source_opened_again(rig: Rig) -> None:
    rig.stream_until(lambda: is_ready(rig))
    release = threading.Event()
    rig.feed.put(lambda: release.wait(60))
    assert "No picture has come" in rig.wait_state(SessionState.NO_SIGNAL)
    rig.wait_state(SessionState.RECONNECTING)
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
    rig.stream_until(lambda: rig.session.state[0] is SessionState.NO_SIGNAL, still=still)
    view = rig.show()
    assert view.state is SessionState.NO_SIGNAL
    assert words in view.reason
    assert view.prediction is None
    assert view.frame is not None, "the picture stays"
    rig.stream_until(lambda: is_ready(rig))


def test_a_picture_of_another_size_gets_no_overlay_of_the_old_one() -> None:
    gate = Gate(10**9)
    with Rig({"settings": FAST, "with_screen": True}, gate) as rig:
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
    rig.session._source._sleep._ahead_s -= 100
    rig.stream_until(lambda: rig.session.summary().source_opens == 2)
    rig.stream_until(lambda: is_ready(rig))


def test_a_session_of_few_frames_waits_for_the_model_to_open() -> None:
    opening = threading.Event()

    class SlowToOpen(Rig):
        def open_engine(self, interrupt):
            opening.wait(60)
            return super().open_engine(interrupt)

    with SlowToOpen({"settings": FAST, "frames": 3}) as rig:
        rig.send(3)
        assert not rig.session.wait(4), "longer than it waits for the last frame of an open model"
        opening.set()
        assert rig.session.wait(20)
    assert rig.session.summary().tally.processed == 1, "the newest frame"


def test_what_takes_long_before_the_model_opens_is_on_screen_as_the_reason() -> None:
    class Measures:
        doing = "This machine is being measured."
        opening = threading.Event()

        def __call__(self, interrupt):
            self.opening.wait(60)
            self.doing = ""
            return open_sound(interrupt)

    opener = Measures()
    rig = Rig({"settings": FAST, "with_screen": True})
    rig.parts = dataclasses.replace(rig.parts, open_engine=opener)
    rig.session = LiveSession(rig.parts)
    with rig:
        rig.stream_until(lambda: rig.session.state == (SessionState.STALE, opener.doing))
        assert rig.show().frame is not None, "video does not wait for it"
        opener.opening.set()
        rig.stream_until(lambda: is_ready(rig))


def test_the_frame_limit_ends_the_session_with_every_frame_accounted_for() -> None:
    with Rig({"settings": FAST, "frames": 30}) as rig:
        rig.send(40, every_s=0.002)
        assert rig.session.wait(20)
    tally = rig.session.summary().tally
    assert tally.read == 30
    assert tally.read == tally.processed + sum(tally.dropped.values())
    assert rig.session.summary().reason == "frame limit"
