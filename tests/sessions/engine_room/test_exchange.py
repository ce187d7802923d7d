"""Another model takes the place of a running one: no frame waits, and nothing of the old one is left."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING

from colour_engine import ColourEngine
from engine_visit import Visit
from faulty_engines import EngineProcesses, FaultyEngine
from live_rig import picture
from processes import is_alive

from polyplive.errors import ModelNotFound
from polyplive.pipeline.pipeline import Pipeline
from polyplive.types import Frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.sessions.engine_room.messages import EngineOpener


def open_other(_: Callable[[str], None], fault: str = "", last: int = 0) -> FaultyEngine:
    """Another model, whose own threshold is lower; with a ``fault`` in its ``last`` first answers."""
    engine = FaultyEngine(fault, 1, last)
    engine.spec = other_spec(engine)
    return engine


def other_spec(engine: ColourEngine):
    return dataclasses.replace(
        engine.spec,
        manifest=dataclasses.replace(engine.spec.manifest, name="other", threshold=0.3, confirm_probability=0.8),
    )


def exchanged(visit: Visit, *openers: EngineOpener | Exception) -> tuple[EngineProcesses, list[Exception | None]]:
    """Ask for the exchange and keep frames coming until it is done."""
    engines, done = EngineProcesses(*openers), []
    visit.room.exchange(engines, done.append)
    visit.ask_until(lambda: done, "the exchange")
    visit.engines.opened += engines.opened
    return engines, done


def test_the_present_engine_answers_until_the_other_one_is_there_and_the_finding_keeps_its_number() -> None:
    with Visit(functools.partial(open_other, last=0)) as visit:
        visit.ask_until(lambda: len(visit.user.answers) > 2, "answers")
        first = visit.engines.opened[0]
        _, done = exchanged(visit, open_other)
        assert done == [None]
        answers = len(visit.user.answers)
        visit.ask_until(lambda: len(visit.user.answers) > answers + 3, "answers of the other")
        assert not visit.user.failures
        assert not visit.user.losses
        assert len(visit.user.specs) == 2
        assert visit.room.status.starts == 1, "no engine failed"
        assert {one.track for _, prediction in visit.user.answers for one in prediction.detections} == {1}
        visit.ask_until(lambda: not is_alive(first.process_id), "the first process has ended")


def test_a_model_that_took_over_is_started_again_when_it_fails() -> None:
    with Visit(open_other) as visit:
        visit.ask_until(lambda: visit.user.answers, "answers")
        engines, _ = exchanged(visit, functools.partial(open_other, fault="kill", last=1), open_other)
        visit.ask_until(lambda: len(engines.opened) == 2, "the same model again")
        answers = len(visit.user.answers)
        visit.ask_until(lambda: len(visit.user.answers) > answers, "answers")
        assert len(visit.user.losses) == 1
        visit.engines.opened += engines.opened
        assert len(set(visit.engines.opened)) == 3


def test_a_model_that_cannot_be_opened_leaves_the_present_one() -> None:
    with Visit(open_other) as visit:
        visit.ask_until(lambda: visit.user.answers, "answers")
        _, done = exchanged(visit, ModelNotFound("No model 'x'", "Name another."))
        assert isinstance(done[0], ModelNotFound)
        answers = len(visit.user.answers)
        visit.ask_until(lambda: len(visit.user.answers) > answers, "answers")
        assert len(visit.user.specs) == 1


def test_a_pipeline_takes_the_other_models_own_thresholds_and_keeps_those_that_were_asked_for() -> None:
    frame = Frame(picture(1))
    first, other = ColourEngine(), ColourEngine()
    other.spec = other_spec(other)
    pipeline = Pipeline(first)
    assert pipeline.process(frame).threshold == 0.5
    assert pipeline.use(other) is first
    assert pipeline.process(frame).threshold == 0.3
    assert pipeline.confirm_probability == 0.8
    assert pipeline.process(frame).detections[0].track == 1
    asked = Pipeline(ColourEngine(), dataclasses.replace(pipeline._settings, threshold=0.7, confirm_probability=0.9))
    asked.use(other)
    assert (asked.threshold, asked.confirm_probability) == (0.7, 0.9)
