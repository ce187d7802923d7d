"""Replay: ordered, complete, the same every run; sinks that fail stop alone."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from clipmaker import number_in, write_clip
from colour_engine import ColourEngine

from polyplive.errors import EngineError, InferenceError, SinkError
from polyplive.pipeline import Pipeline
from polyplive.replay import ReplaySettings, replay
from polyplive.sources.file import FileSource
from polyplive.sources.synthetic import RenderedColon
from polyplive.types import OverlaySettings


class ListSink:
    """Keeps what it gets; fails at the frames it is told to."""

    def __init__(self, composite: bool = False, fail_at: int | None = None, fail_open: bool = False) -> None:
        self.wants_composite = composite
        self.fail_at, self.fail_open = fail_at, fail_open
        self.records: list = []
        self.calls: list[str] = []
        self.ended: tuple | None = None

    def open(self, session) -> None:
        self.calls.append("open")
        self.session = session
        if self.fail_open:
            raise SinkError("No space left", "Free some.")

    def write(self, record) -> None:
        if self.fail_at is not None and len(self.records) == self.fail_at:
            raise SinkError("No space left", "Free some.")
        self.records.append(record)

    def end(self, tally, reason) -> None:
        self.calls.append("end")
        self.ended = (tally, reason)

    def close(self) -> None:
        self.calls.append("close")


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    write_clip(tmp_path / "clip.mp4", frames=20)
    return tmp_path / "clip.mp4"


def run(clip: Path, *sinks: ListSink, **settings):
    source = FileSource(clip)
    try:
        with Pipeline(ColourEngine()) as pipeline:
            return replay(source, pipeline, sinks, ReplaySettings(**settings))
    finally:
        source.close()


def test_every_frame_in_order_and_accounted_for(clip: Path) -> None:
    sink = ListSink()
    summary = run(clip, sink)
    assert [record.frame.index for record in sink.records] == list(range(20))
    assert [number_in(record.frame.image) for record in sink.records] == list(range(20))
    assert (summary.tally.read, summary.tally.processed, dict(summary.tally.dropped)) == (20, 20, {})
    assert summary.reason == "end of file"
    assert sink.calls == ["open", "end", "close"]
    assert sink.ended == (summary.tally, "end of file")
    assert all(record.composite is None for record in sink.records)


def test_predictions_belong_to_their_frames(clip: Path) -> None:
    sink = ListSink()
    run(clip, sink)
    assert all(record.prediction.index == record.frame.index for record in sink.records)


def test_composites_are_made_only_when_asked_for_and_leave_the_frame_alone(clip: Path) -> None:
    sink = ListSink(composite=True)
    run(clip, sink, overlay=OverlaySettings(visible=False, status=False, figures=False))
    for record in sink.records:
        assert record.composite is not record.frame.image
        assert record.stages.composite_ms > 0
        assert number_in(record.frame.image) == record.frame.index


def test_start_and_frames(clip: Path) -> None:
    sink = ListSink()
    summary = run(clip, sink, start_s=0.4, frames=3)
    assert [record.frame.index for record in sink.records] == [10, 11, 12]
    assert summary.reason == "frame limit"


def test_the_same_detections_twice() -> None:
    found = []
    for _ in range(2):
        sink = ListSink()
        with Pipeline(ColourEngine()) as pipeline:
            replay(RenderedColon(width=160, height=128, seed=4, frames=8), pipeline, [sink])
        found.append([[dataclasses.astuple(d)[:4] for d in record.prediction.detections] for record in sink.records])
    assert found[0] == found[1]
    assert len(found[0]) == 8


def test_a_failing_sink_stops_alone(clip: Path) -> None:
    failing, healthy = ListSink(fail_at=5), ListSink()
    summary = run(clip, failing, healthy)
    assert len(failing.records) == 5
    assert failing.calls == ["open", "close"]
    assert len(healthy.records) == 20
    assert [str(error) for error in summary.failures] == ["No space left. Free some."]


def test_when_no_sink_is_left_the_replay_ends(clip: Path) -> None:
    summary = run(clip, ListSink(fail_at=2))
    assert summary.reason == "no sink left"
    assert summary.tally.processed == 3


def test_a_sink_that_cannot_be_opened_is_refused_before_any_frame(clip: Path) -> None:
    first, failing = ListSink(), ListSink(fail_open=True)
    with pytest.raises(SinkError):
        run(clip, first, failing)
    assert first.calls == ["open", "close"]
    assert failing.calls == ["open", "close"]
    assert first.records == []


def test_an_interrupt_leaves_the_sinks_whole(clip: Path) -> None:
    sink = ListSink()

    def interrupt(done: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with Pipeline(ColourEngine()) as pipeline:
        summary = replay(FileSource(clip), pipeline, [sink], on_frame=interrupt)
    assert summary.reason == "stopped"
    assert sink.ended is not None
    assert sink.calls[-1] == "close"
    assert len(sink.records) == summary.tally.processed == 4


class FailingEngine(ColourEngine):
    def infer(self, tensor, *, cam: bool = True):
        if len(self.cams) == 3:
            raise InferenceError("The runtime failed", "Try another backend.")
        return super().infer(tensor, cam=cam)


def test_an_engine_that_fails_ends_the_replay_with_the_reason_in_the_sinks(clip: Path) -> None:
    sink = ListSink()
    with Pipeline(FailingEngine()) as pipeline, pytest.raises(EngineError, match="runtime failed"):
        replay(FileSource(clip), pipeline, [sink])
    tally, reason = sink.ended
    assert reason.startswith("error: The runtime failed")
    assert (tally.read, tally.processed, dict(tally.dropped)) == (4, 3, {"unfinished": 1})
    assert sink.calls[-1] == "close"


def test_damaged_frames_are_counted(clip: Path) -> None:
    data = bytearray(clip.read_bytes())
    start = data.find(b"mdat") + 4
    size = int.from_bytes(data[start - 8 : start - 4], "big")
    for place in np.random.default_rng(1).integers(start + size // 2, start + size - 8, 40):
        data[place] ^= 0xFF
    clip.write_bytes(bytes(data))
    sink = ListSink()
    summary = run(clip, sink)
    assert summary.tally.read == summary.tally.processed + sum(summary.tally.dropped.values())
    assert len(sink.records) == summary.tally.processed
    assert sum(summary.tally.dropped.values()) > 0
