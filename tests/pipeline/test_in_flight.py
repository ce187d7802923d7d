"""Frames on their way: several at once, in order, bounded, and nothing left when it ends early."""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
from colour_engine import ColourEngine, red_disc
from processes import PATIENCE_S

from polyplive.backends.parallel import WorkTimes
from polyplive.config import PipelineSettings
from polyplive.errors import InferenceError, SourceUnreadable
from polyplive.pipeline.in_flight import InFlight
from polyplive.pipeline.pipeline import Pipeline
from polyplive.types import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polyplive.backends.base import Outputs

WHOLE = PipelineSettings(roi="none")


@dataclass(frozen=True)
class Item:
    frame: Frame


def items(count: int) -> Iterator[Item]:
    for index in range(count):
        yield Item(Frame(red_disc(160, 120, (40 + 4 * index, 60), 20), index, index / 25))


class AtOnce(ColourEngine):
    """Three pictures at once: each is computed when it starts, and kept until its result is asked for.

    The first result waits until a second picture has started, if one comes at all.
    """

    requests = 3

    def __init__(self, fail_at: int | None = None) -> None:
        super().__init__()
        self.at_work = self.most = self.starts = 0
        self._fail_at = fail_at
        self.second = threading.Event()

    def start(self, tensor: np.ndarray, *, cam: bool = True) -> Held:
        self.starts += 1
        if self.starts == self._fail_at:
            raise InferenceError("The runtime failed", "Try another backend.")
        self.at_work += 1
        self.most = max(self.most, self.at_work)
        if self.starts > 1:
            self.second.set()
        return Held(self, self.infer(tensor.copy(), cam=cam))


class Held:
    def __init__(self, engine: AtOnce, outputs: Outputs) -> None:
        self._engine, self._outputs = engine, outputs

    def result(self) -> Outputs:
        self._engine.second.wait(PATIENCE_S)
        self._engine.at_work -= 1
        return self._outputs


def boxes(found: list) -> list:
    return [(item.frame.index, [(one.track, one.bbox) for one in prediction.detections]) for item, prediction in found]


def test_the_predictions_are_those_of_one_frame_after_another() -> None:
    engine = AtOnce()
    several = boxes(list(InFlight(items(12), Pipeline(engine, WHOLE), cam=True).results()))
    one = Pipeline(ColourEngine(), WHOLE)
    assert several == boxes([(item, one.process(item.frame)) for item in items(12)])
    assert {track for _, found in several for track, _ in found} == {1}
    assert 1 < engine.most <= engine.requests
    assert engine.at_work == 0


def test_what_is_independent_carries_nothing_over() -> None:
    found = boxes(list(InFlight(items(4), Pipeline(AtOnce(), WHOLE), cam=True, independent=True).results()))
    assert [track for _, each in found for track, _ in each] == [1, 2, 3, 4]


def test_no_more_frames_are_read_than_fit() -> None:
    read: list[int] = []

    def watched() -> Iterator[Item]:
        for item in items(30):
            read.append(item.frame.index)
            yield item

    engine = AtOnce()
    with closing(InFlight(watched(), Pipeline(engine, WHOLE), cam=True).results()) as results:
        for item, _ in results:
            assert len(read) <= item.frame.index + engine.requests + 3
            if item.frame.index == 9:
                break
    assert len(read) < 20
    assert engine.at_work == 0, "what was started is not left to the next user of the engine"
    assert not [thread for thread in threading.enumerate() if thread.name == "polyplive-reading"]


def test_an_error_of_the_source_comes_after_the_frames_before_it() -> None:
    def broken() -> Iterator[Item]:
        yield from items(5)
        raise SourceUnreadable("It ends here", "Read no further.")

    results = InFlight(broken(), Pipeline(AtOnce(), WHOLE), cam=True).results()
    assert [next(results)[0].frame.index for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(SourceUnreadable):
        next(results)


def test_an_error_at_the_start_of_a_frame_is_raised_for_that_frame() -> None:
    results = InFlight(items(8), Pipeline(AtOnce(fail_at=4), WHOLE), cam=True).results()
    assert [next(results)[0].frame.index for _ in range(3)] == [0, 1, 2]
    with pytest.raises(InferenceError):
        next(results)


def test_a_source_that_waits_is_interrupted_where_no_more_frames_are_wanted() -> None:
    wanted = threading.Event()

    def waits() -> Iterator[Item]:
        yield from items(2)
        wanted.wait()

    with closing(InFlight(waits(), Pipeline(AtOnce(), WHOLE), cam=True, interrupt=wanted.set).results()) as results:
        assert [next(results)[0].frame.index for _ in range(2)] == [0, 1], "they are given while the source waits"


def test_a_picture_works_from_when_a_stream_is_free() -> None:
    times = WorkTimes(2)
    assert [times.add(0, 4), times.add(0, 5), times.add(1, 7), times.add(6, 9)] == [4, 5, 3, 3]
