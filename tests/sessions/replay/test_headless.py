"""Replay: ordered, complete, the same every run; sinks that fail stop alone."""

from __future__ import annotations

import dataclasses
import functools
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from clipmaker import number_in, write_clip
from colour_engine import ColourEngine
from faulty_engines import EngineProcesses, faulty
from processes import PATIENCE_S

from polyplive.backends.factory import open_engine
from polyplive.config import EngineOptions
from polyplive.errors import EngineError, SinkError
from polyplive.overlay.compositor import footprint
from polyplive.overlay.heat_levels import heat_of
from polyplive.sessions.engine_room import supervisor
from polyplive.sessions.engine_room.offline import GIVE_UP_AFTER, OfflineEngineRoom
from polyplive.sessions.engine_room.opening import OFFLINE
from polyplive.sessions.engine_room.process_engine import ProcessEngine
from polyplive.sessions.replay.headless import ReplaySettings, replay
from polyplive.sinks.base import Sink
from polyplive.sources.file import FileSource
from polyplive.sources.synthetic import RenderedColon
from polyplive.types import OverlaySettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.backends.base import Engine
    from polyplive.sessions.engine_room.interrupt import Interrupt


class ListSink(Sink):
    """Keeps what it gets; fails at the frames it is told to."""

    def __init__(self, composite: bool = False, fail_at: int | None = None, fail_open: bool = False) -> None:
        self.composite = composite
        self.fail_at, self.fail_open = fail_at, fail_open
        self.records: list = []
        self.calls: list[str] = []
        self.ended: tuple | None = None

    @property
    def wants_composite(self) -> bool:
        return self.composite

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


def room_of(make: Callable[[], Engine]) -> OfflineEngineRoom:
    """With engines in this process."""
    return OfflineEngineRoom(lambda _: make())


def run(clip: Path, *sinks: ListSink, **settings):
    source = FileSource(clip)
    try:
        with room_of(ColourEngine) as room:
            return replay(source, room, sinks, ReplaySettings(**settings))
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


def test_heat_is_steadied_for_display_unless_that_is_off_and_the_raw_map_stays(clip: Path) -> None:
    steadied, raw = ListSink(), ListSink()
    run(clip, steadied)
    run(clip, raw, overlay=OverlaySettings(heat_smoothing=False))
    assert all(record.prediction.steady_heat is not None for record in steadied.records)
    assert all(record.prediction.steady_heat is None for record in raw.records)
    for one, other in zip(steadied.records, raw.records, strict=True):
        assert np.array_equal(one.prediction.cam, other.prediction.cam)
    assert any(not np.array_equal(r.prediction.steady_heat, heat_of(r.prediction)) for r in steadied.records)


def test_composites_are_made_only_when_asked_for_and_leave_the_frame_alone(clip: Path) -> None:
    sink = ListSink(composite=True)
    run(clip, sink, overlay=OverlaySettings(visible=False, status=False, figures=False))
    for record in sink.records:
        assert record.composite is not record.frame.image
        assert record.stages.composite_ms > 0
        assert number_in(record.frame.image) == record.frame.index


def test_nothing_but_marks_is_burned_in_and_a_caption_where_it_is_asked_for(clip: Path) -> None:
    without, captioned = ListSink(composite=True), ListSink(composite=True)
    run(clip, without)
    run(clip, captioned, overlay=OverlaySettings(caption=True))
    for plain, other in zip(without.records, captioned.records, strict=True):
        frame, marks = plain.frame, OverlaySettings()
        free = ~footprint(frame.shape, plain.prediction, marks, None, frame.sample_aspect)
        assert np.array_equal(plain.composite[free], frame.image[free])
        assert (other.composite != plain.composite).any(), "the caption"


def test_start_and_frames(clip: Path) -> None:
    sink = ListSink()
    summary = run(clip, sink, start_s=0.4, frames=3)
    assert [record.frame.index for record in sink.records] == [10, 11, 12]
    assert summary.reason == "frame limit"


def test_the_same_detections_twice() -> None:
    found = []
    for _ in range(2):
        sink = ListSink()
        with room_of(ColourEngine) as room:
            replay(RenderedColon(width=160, height=128, seed=4, frames=8), room, [sink])
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

    with room_of(ColourEngine) as room:
        summary = replay(FileSource(clip), room, [sink], on_frame=interrupt)
    assert summary.reason == "stopped"
    assert sink.ended is not None
    assert sink.calls[-1] == "close"
    assert len(sink.records) == summary.tally.processed == 4


def test_an_engine_that_crashes_costs_nothing_but_time(clip: Path) -> None:
    calm, disturbed = ListSink(composite=True), ListSink(composite=True)
    run(clip, calm)
    with OfflineEngineRoom(EngineProcesses(faulty("null pointer", first=8), faulty())) as room:
        summary = replay(FileSource(clip), room, [disturbed])
    assert (summary.tally.read, summary.tally.processed, dict(summary.tally.dropped)) == (20, 20, {})
    assert summary.engine_starts == 2
    for one, other in zip(calm.records, disturbed.records, strict=True):
        assert np.array_equal(one.composite, other.composite)
        assert np.array_equal(one.prediction.probability, other.prediction.probability)


def test_several_pictures_at_once_a_killed_process_and_one_at_a_time_all_give_the_same_bits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The shipped model: here on one thread, and in a process on two, which is killed while it has several."""
    monkeypatch.setattr(supervisor, "FIRST_DELAY_S", 0.01)
    opened: list[ProcessEngine] = []

    def in_a_process(interrupt: Interrupt) -> ProcessEngine:
        opened.append(
            ProcessEngine(
                functools.partial(open_fast, 2), dataclasses.replace(OFFLINE, answer_s=PATIENCE_S), interrupt=interrupt
            )
        )
        return opened[-1]

    def kill(done: int) -> None:
        if done == 3:
            os.kill(opened[0].process_id, signal.SIGKILL)

    sinks = ListSink(), ListSink()
    with OfflineEngineRoom(lambda _: open_fast(1)) as room:
        replay(RenderedColon(width=160, height=128, seed=4, frames=9), room, sinks[:1])
    with OfflineEngineRoom(in_a_process) as room:
        summary = replay(RenderedColon(width=160, height=128, seed=4, frames=9), room, sinks[1:], on_frame=kill)
    assert len(opened) == summary.engine_starts == 2
    assert opened[0].requests > 2
    for one, other in zip(*(sink.records for sink in sinks), strict=True):
        assert one.frame.index == other.frame.index == one.prediction.index == other.prediction.index
        assert np.array_equal(one.prediction.probability, other.prediction.probability)
        assert np.array_equal(one.prediction.cam, other.prediction.cam)
        assert np.array_equal(one.prediction.steady_heat, other.prediction.steady_heat)
        found = [[dataclasses.astuple(each)[:4] for each in record.prediction.detections] for record in (one, other)]
        assert found[0] == found[1]


def open_fast(threads: int, notify: Callable[[str], None] = lambda _: None) -> Engine:
    """As a headless replay opens it."""
    options = EngineOptions(precision="float32", threads=threads)
    return open_engine("polyplive-fast", "openvino", options, notify, is_parallel=True)


def test_a_frame_that_fails_on_two_engines_is_counted_and_the_replay_goes_on(clip: Path) -> None:
    sink = ListSink(composite=True)
    with OfflineEngineRoom(EngineProcesses(faulty("kill", first=4), faulty("nan", last=1))) as room:
        summary = replay(FileSource(clip), room, [sink])
    assert (summary.tally.read, summary.tally.processed, dict(summary.tally.dropped)) == (20, 19, {"failed": 1})
    assert [record.frame.index for record in sink.records] == list(range(20)), "a recording has every frame"
    assert [record.frame.index for record in sink.records if record.prediction is None] == [3]
    assert sink.ended == (summary.tally, "end of file")


def test_frame_after_frame_that_fails_ends_the_replay_with_the_reason_in_the_sinks(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "FIRST_DELAY_S", 0.01)
    sink = ListSink()
    with (
        OfflineEngineRoom(EngineProcesses(faulty("raise", first=4), faulty("raise"))) as room,
        pytest.raises(EngineError, match="runtime failed"),
    ):
        replay(FileSource(clip), room, [sink])
    tally, reason = sink.ended
    assert reason.startswith("error: The runtime failed")
    assert (tally.read, tally.processed) == (3 + GIVE_UP_AFTER, 3)
    assert dict(tally.dropped) == {"failed": GIVE_UP_AFTER - 1, "unfinished": 1}
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
