"""Both engine rooms over real processes that fail: another engine answers, and findings keep their numbers."""

from __future__ import annotations

import functools
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from engine_visit import SETTINGS, Visit, engines_of, frame
from faulty_engines import EngineProcesses, fail_to_open, faulty
from processes import PATIENCE_S, is_alive, shared_memory, wait_until

from polyplive.errors import EngineClosed, EngineCrashed, EngineHung, InferenceError, ModelNotFound, NotFinite
from polyplive.sessions.engine_room import supervisor
from polyplive.sessions.engine_room.offline import GIVE_UP_AFTER, OfflineEngineRoom
from polyplive.sessions.engine_room.process_engine import ProcessEngine
from polyplive.sessions.replay.headless import ReadFrame

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from polyplive.backends.base import Pending
    from polyplive.types import Prediction

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first restart comes almost at once."""
    monkeypatch.setattr(supervisor, "FIRST_DELAY_S", 0.01)


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    before, threads = shared_memory(), set(threading.enumerate())
    yield
    assert shared_memory() <= before
    wait_until(lambda: set(threading.enumerate()) <= threads, "no thread is left")


def run_offline(engines: EngineProcesses, frames: int) -> list[Prediction | None]:
    with OfflineEngineRoom(engines, SETTINGS) as room:
        found = [prediction for _, prediction in room.results(ReadFrame(frame(index), {}) for index in range(frames))]
    assert not any(is_alive(engine.process_id) for engine in engines.opened)
    return found


def outcome(found: list[Prediction | None]) -> list[object]:
    return [[(one.track, one.bbox, one.score) for one in each.detections] if each else None for each in found]


@pytest.mark.parametrize("fault", ["kill", "null pointer", "hang", "raise", "nan", "exit"])
def test_offline_the_results_are_the_same_as_if_nothing_had_happened(fault: str) -> None:
    undisturbed = outcome(run_offline(engines_of(faulty()), 12))
    engines = engines_of(faulty(fault, first=6), faulty())
    assert outcome(run_offline(engines, 12)) == undisturbed
    assert len(engines.opened) == 2
    assert {one[0] for each in undisturbed for one in each} == {1}


def test_offline_growth_costs_no_frame() -> None:
    engines = engines_of(faulty("grow", first=52), faulty())
    assert None not in run_offline(engines, 60)
    assert len(engines.opened) == 2


def test_offline_a_frame_that_fails_on_two_engines_is_left_out_and_the_next_one_tried() -> None:
    engines = engines_of(faulty("kill", first=4), faulty("nan", first=1, last=1), faulty())
    found = run_offline(engines, 8)
    assert [index for index, each in enumerate(found) if each is None] == [3]
    assert {one.track for each in found if each for one in each.detections} == {1}


def test_offline_a_frame_that_was_answered_is_not_blamed_for_a_crash_that_the_next_start_finds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engines = engines_of(faulty("kill", first=4), faulty("nan", first=1, last=1), faulty())
    begun = threading.Semaphore(0)
    start = ProcessEngine.start

    def counted(engine: ProcessEngine, tensor: np.ndarray, *, cam: bool = True) -> Pending:
        try:
            return start(engine, tensor, cam=cam)
        finally:
            begun.release()

    def frames() -> Iterator[ReadFrame]:
        for index in range(8):
            if index == 4:
                wait_until(lambda: not is_alive(engines.opened[0].process_id), "the frame before ends the process")
            yield ReadFrame(frame(index), {})

    monkeypatch.setattr(ProcessEngine, "start", counted)
    found = []
    with OfflineEngineRoom(engines, SETTINGS) as room:
        for read, prediction in room.results(frames()):
            found.append(prediction)
            if read.frame.index == 1:  # the answer for frame 2 has come and waits until frame 4 was started
                assert all(begun.acquire(timeout=PATIENCE_S) for _ in range(5))
    assert [index for index, each in enumerate(found) if each is None] == [3]


def test_offline_frame_after_frame_that_fails_ends_with_the_error() -> None:
    with OfflineEngineRoom(engines_of(faulty("nan")), SETTINGS) as room:
        results = room.results(ReadFrame(frame(index), {}) for index in range(2 * GIVE_UP_AFTER))
        for _ in range(GIVE_UP_AFTER - 1):
            assert next(results)[1] is None
        with pytest.raises(NotFinite):
            next(results)


def test_offline_what_is_wrong_from_the_start_is_raised_at_once() -> None:
    engines = engines_of(ModelNotFound("No model 'x'", "Name another."))
    with pytest.raises(ModelNotFound):
        OfflineEngineRoom(engines, SETTINGS)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("kill", EngineCrashed),
        ("null pointer", EngineCrashed),
        ("hang", EngineHung),
        ("raise", InferenceError),
        ("nan", NotFinite),
    ],
)
def test_after_a_fault_another_engine_answers_and_the_finding_keeps_its_number(fault: str, kind: type) -> None:
    with Visit(faulty(fault, first=5), faulty()) as visit:
        visit.ask_until(lambda: visit.user.losses, "the engine is lost")
        error, status = visit.user.losses[0]
        assert type(error) is kind
        assert status.failure.endswith(". It is started again (start 2).")
        assert not status.is_permanent
        (count,) = visit.user.answered_before
        assert count == 4
        visit.ask_until(lambda: len(visit.user.answers) > count + 10, "the next engine answers")
        assert visit.room.status.failure == ""
        assert visit.room.status.starts == 2
        tracks = {one.track for _, prediction in visit.user.answers for one in prediction.detections}
        assert tracks == {1}
        wanted = supervisor.FAILURES_TO_RESTART if kind in (InferenceError, NotFinite) else 1
        assert len(visit.user.failures) == wanted


def test_one_frame_that_fails_costs_no_engine() -> None:
    with Visit(faulty("nan", first=5, last=6)) as visit:
        visit.ask_until(lambda: len(visit.user.answers) > 10, "it goes on")
        assert len(visit.user.failures) == 2
        assert visit.room.status.starts == 1


def test_numbers_go_on_over_a_new_source_and_a_new_engine() -> None:
    with Visit(faulty("kill", first=8), faulty()) as visit:
        visit.ask_until(lambda: len(visit.user.answers) >= 3, "answers")
        visit.room.begin_anew(same_source=False)
        visit.ask_until(lambda: visit.room.status.starts == 2 and len(visit.user.answers) > 20, "the second engine")
        by_generation = {
            generation: {
                one.track
                for request, prediction in visit.user.answers
                for one in prediction.detections
                if request.generation == generation
            }
            for generation in (0, 1)
        }
        assert by_generation == {0: {1}, 1: {2}}


def test_an_engine_that_cannot_start_is_tried_again_until_it_can() -> None:
    refused = functools.partial(fail_to_open, fault="null pointer")
    with Visit(refused, functools.partial(fail_to_open, fault="exit"), faulty()) as visit:
        visit.ask_until(lambda: visit.user.answers, "the third engine answers")
        assert [type(error) for error, _ in visit.user.losses] == [EngineCrashed, EngineCrashed]
        assert visit.room.status.starts == 3


def test_what_cannot_come_right_is_told_once() -> None:
    with Visit(ModelNotFound("No model 'x'", "Name another.")) as visit:
        visit.ask_until(lambda: visit.user.losses, "it is told")
        visit.room.join(PATIENCE_S)
        assert [status.is_permanent for _, status in visit.user.losses] == [True]
        assert visit.room.status.failure == "No model 'x'. Name another."


@pytest.mark.parametrize("when", ["opening", "at work"])
def test_a_room_that_is_closed_waits_for_no_engine(when: str) -> None:
    hangs = functools.partial(fail_to_open, fault="hang") if when == "opening" else faulty("hang")
    with Visit(hangs) as visit:
        visit.room.ask(frame(0), cam=True, threshold=None)
        visit.asked += 1
        wait_until(lambda: visit.room.status.since_s is not None, "it opens")
        if when == "at work":
            wait_until(lambda: visit.room.in_flight is not None, "it works")
    if when == "at work":
        assert [type(error) for _, error in visit.user.failures] in ([EngineClosed], [EngineHung])


def test_an_answer_to_a_request_from_before_is_stale() -> None:
    with Visit(faulty()) as visit:
        visit.ask_until(lambda: visit.user.answers, "an answer")
        request = visit.user.answers[0][0]
        assert visit.room.is_current(request)
        visit.room.begin_anew(same_source=True)
        assert not visit.room.is_current(request)
