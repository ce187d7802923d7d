"""Every fault that a theatre sees: video goes on, the state says what is wrong, and it mends itself."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from live_rig import HEIGHT, WIDTH, Rig, picture

from polyplive.config import LiveSettings
from polyplive.errors import SourceLost, SourceNotFound
from polyplive.live import engine_desk
from polyplive.live.watchdog import SleepWatch
from polyplive.types import SessionState

FAST = LiveSettings(max_age_ms=200, no_signal_s=0.4, reopen_s=1.0, engine_timeout_s=0.8)


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


def test_an_engine_that_hangs_for_good_costs_no_frame_of_video(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(100)
    with Rig({"settings": FAST, "with_screen": True}, gate) as rig:
        rig.stream_until(gate.entered.is_set)
        shown, unshown = rig.session.summary().shown, sum(rig.session.summary().unshown.values())
        states, with_overlay = set(), 0
        for number in range(1000):
            rig.send()
            rig.wait(lambda number=number: rig.session.summary().tally.read == rig.sent, "read")
            view = rig.show()
            assert np.array_equal(view.frame.image, picture(rig.sent - 1)), "not the newest frame"
            states.add(view.state)
            with_overlay += view.prediction is not None
        assert rig.session.summary().shown - shown == 1000, "every frame was displayed"
        assert sum(rig.session.summary().unshown.values()) - unshown <= 1
        rig.stream_until(lambda: rig.session.state[0] is SessionState.FAULT)
        assert rig.show().prediction is None
        assert "has not answered" in rig.session.state[1]
        assert "started again" in rig.session.state[1]
        gate.last = 0  # the next engine is sound
        rig.stream_until(lambda: is_ready(rig) and rig.show().prediction is not None)
        assert rig.session.summary().engine_starts >= 2
        assert rig.session.summary().tally.dropped["hung"] >= 1
        gate.opened.set()
    accounted(rig)


def test_a_result_that_took_3_seconds_is_never_drawn() -> None:
    gate = Gate(10, 10)
    patient = LiveSettings(max_age_ms=200, engine_timeout_s=60)
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
        rig.faults = lambda _: "raise" if len(rig.pipelines) == 1 else None
        rig.stream_until(lambda: rig.session.state[0] is SessionState.FAULT)
        reason = rig.session.state[1]
        assert "The runtime failed" in reason
        rig.stream_until(lambda: is_ready(rig))
        assert rig.session.summary().engine_starts == 2
    accounted(rig)


def test_an_engine_under_which_memory_grows_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    held = [500.0]
    monkeypatch.setattr(engine_desk, "memory_mib", lambda: held[0])
    monkeypatch.setattr(engine_desk, "_MEMORY_EVERY_S", 0.0)
    with Rig({"settings": FAST, "with_screen": True}) as rig:
        rig.stream_until(lambda: rig.session._desk.facts.base_memory_mib is not None)
        held[0] += FAST.memory_growth_mib + 1
        rig.stream_until(lambda: rig.session.summary().engine_starts == 2)
        rig.stream_until(lambda: is_ready(rig))
        assert rig.pipelines[0].engine.closed, "the old engine was closed"
    accounted(rig)


def test_a_pulled_cable_is_seen_and_put_back(rig: Rig) -> None:
    rig.stream_until(lambda: is_ready(rig))
    rig.refusals = [SourceNotFound("There is no device", "Plug it in.") for _ in range(2)]
    rig.feed.put(SourceLost("'card' gives no more frames", "Check the cable."))
    reason = rig.wait_state(SessionState.RECONNECTING)
    assert "Next try" in reason
    assert rig.show().prediction is None
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
    for _ in range(200):
        rig.feed.put(still.copy())
        rig.show()
        if rig.session.state[0] is SessionState.NO_SIGNAL:
            break
        threading.Event().wait(0.02)
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
        for _ in range(300):
            view = rig.show()
            if view.prediction is not None:
                assert view.prediction.roi.width == view.frame.width
                break
            rig.feed.put(picture(10_001, 2 * WIDTH, 2 * HEIGHT))
            threading.Event().wait(0.01)
        else:
            pytest.fail("no overlay on the new size")
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
    rig.session._sleep._ahead_s -= 100
    rig.stream_until(lambda: rig.session.summary().source_opens == 2)
    rig.stream_until(lambda: is_ready(rig))


def test_the_frame_limit_ends_the_session_with_every_frame_accounted_for() -> None:
    with Rig({"settings": FAST, "frames": 30}) as rig:
        rig.send(40, every_s=0.002)
        assert rig.session.wait(20)
    tally = rig.session.summary().tally
    assert tally.read == 30
    assert tally.read == tally.processed + sum(tally.dropped.values())
    assert rig.session.summary().reason == "frame limit"
