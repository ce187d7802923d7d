"""The player, with a real decoder and a real pipeline; no window."""

from __future__ import annotations

import dataclasses
import json
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from clipmaker import number_in, write_clip
from gated_engine import broken, gated_pipeline

from polyplive.errors import SinkError, SourceNotFound
from polyplive.player import Mode, Player, PlayerSettings
from polyplive.sinks.events import EventsSink
from polyplive.sources.file import FileSource
from polyplive.types import SessionState
from polyplive.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from polyplive.pipeline import Pipeline
    from polyplive.sinks.base import FrameRecord, SessionInfo, Sink
    from polyplive.types import Tally

FRAMES = 30
FPS = 25
PATIENCE_S = 20.0
FAST = PlayerSettings(speed=50.0)
PAUSED = PlayerSettings(playing=False)


class Audience:
    """Collects views and waits for what it expects of one."""

    def __init__(self) -> None:
        self.views: list[View] = []
        self._came = threading.Condition()

    def __call__(self, view: View) -> None:
        with self._came:
            self.views.append(view)
            self._came.notify_all()

    def wait(self, expected: Callable[[View], bool]) -> View:
        with self._came:
            assert self._came.wait_for(lambda: bool(self.views) and expected(self.views[-1]), PATIENCE_S), self.views[
                -1
            ]
            return self.views[-1]

    def wait_index(self, index: int, state: SessionState = SessionState.PAUSED) -> View:
        return self.wait(lambda view: view.frame is not None and view.frame.index == index and view.state is state)

    @property
    def indices(self) -> list[int]:
        """Of the frames shown, each once where it was shown again without another between."""
        found = [view.frame.index for view in self.views if view.frame is not None]
        return [index for place, index in enumerate(found) if place == 0 or found[place - 1] != index]


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("player") / "clip.mp4", FRAMES, fps=FPS)


@pytest.fixture
def start(clip: Path) -> Iterator[Callable[..., tuple[Player, Audience]]]:
    """Starts players; each must end with the test and leave no thread."""
    before = set(threading.enumerate())
    started: list[Player] = []

    def starter(
        settings: PlayerSettings | None = None,
        open_pipeline: Callable[[], Pipeline] = gated_pipeline,
        sinks: tuple[Sink, ...] = (),
        source: Path | None = None,
    ) -> tuple[Player, Audience]:
        audience = Audience()
        player = Player(lambda: FileSource(source or clip), open_pipeline, audience, settings, sinks)
        player.start()
        started.append(player)
        return player, audience

    yield starter
    for player in started:
        assert player.close(PATIENCE_S) == ()
    assert set(threading.enumerate()) <= before


def test_every_frame_is_shown_once_in_order_with_its_own_result(start) -> None:
    _, audience = start(FAST)
    last = audience.wait(lambda view: view.state is SessionState.ENDED)
    assert audience.indices == list(range(FRAMES))
    shown = [view for view in audience.views if view.frame is not None]
    assert all(view.prediction is not None and view.prediction.index == view.frame.index for view in shown)
    assert all(number_in(view.frame.image) == view.frame.index for view in shown)
    assert last.dropped == {}
    assert last.duration_s == pytest.approx(FRAMES / FPS)


def test_frames_are_not_shown_before_they_are_due(start) -> None:
    began = time.monotonic()
    _, audience = start(PlayerSettings(speed=2.0))
    audience.wait(lambda view: view.state is SessionState.ENDED)
    assert time.monotonic() - began >= (FRAMES - 1) / FPS / 2.0


def test_a_paused_player_shows_the_first_frame_and_stays(start) -> None:
    player, audience = start(PAUSED)
    view = audience.wait_index(0)
    assert not view.playing
    player.step(1)
    audience.wait_index(1)
    assert audience.indices == [0, 1]


def test_steps_go_to_exactly_the_next_and_the_previous_frame(start) -> None:
    player, audience = start(PAUSED)
    audience.wait_index(0)
    for index in (1, 2, 3):
        player.step(1)
        audience.wait_index(index)
    for index in (2, 1, 0):
        player.step(-1)
        view = audience.wait_index(index)
        assert view.prediction is not None
        assert view.prediction.index == index
    views = len(audience.views)
    player.step(-1)
    audience.wait(lambda _: len(audience.views) > views)
    audience.wait_index(0)
    player.step(1)
    audience.wait_index(1)


def test_steps_asked_for_in_a_hurry_add_up(start) -> None:
    player, audience = start(PAUSED)
    audience.wait_index(0)
    for _ in range(5):
        player.step(1)
    audience.wait_index(5)
    assert audience.indices == [0, 1, 2, 3, 4, 5]
    for _ in range(3):
        player.step(-1)
    audience.wait_index(2)
    player.step(4)
    player.step(-3)
    player.step(-2)
    audience.wait_index(1)


def test_a_step_while_playing_pauses(start) -> None:
    player, audience = start(PlayerSettings(speed=0.25))
    audience.wait(lambda view: view.frame is not None)
    player.step(1)
    view = audience.wait(lambda view: view.state is SessionState.PAUSED and view.frame.index > 0)
    assert not view.playing


def test_seeking_while_paused_shows_that_frame_with_its_own_result(start) -> None:
    player, audience = start(PAUSED)
    audience.wait_index(0)
    player.seek(0.5)
    view = audience.wait_index(12)
    assert view.prediction is not None
    assert view.prediction.index == 12
    player.seek(1e6)
    audience.wait_index(FRAMES - 1)
    player.seek(-1.0)
    audience.wait_index(0)


def test_the_end_and_play_again(start) -> None:
    player, audience = start(FAST)
    audience.wait(lambda view: view.state is SessionState.ENDED)
    player.play()
    audience.wait(lambda view: view.state is SessionState.READY)
    audience.wait(lambda view: view.state is SessionState.ENDED)
    assert audience.indices == [*range(FRAMES), *range(FRAMES)]


def test_start_and_number_of_frames(start) -> None:
    _, audience = start(PlayerSettings(speed=50.0, start_s=0.4, frames=5))
    audience.wait(lambda view: view.state is SessionState.ENDED)
    assert audience.indices == [10, 11, 12, 13, 14]


def test_an_answer_from_before_a_seek_is_discarded(start) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def gate() -> None:
        entered.set()
        assert go_on.wait(PATIENCE_S)

    player, audience = start(PlayerSettings(playing=False), lambda: gated_pipeline(gate))
    assert entered.wait(PATIENCE_S)
    player.set_mode(Mode.KEEP_PACE)  # frame 0 is in the engine, and shown without waiting for it
    player.seek(0.8)
    audience.wait_index(20)
    assert all(view.prediction is None for view in audience.views)
    go_on.set()
    audience.wait(lambda view: view.prediction is not None)
    assert {view.prediction.index for view in audience.views if view.prediction is not None} == {20}


def test_at_the_sources_pace_video_does_not_wait_for_a_hung_engine(start) -> None:
    go_on = threading.Event()
    player, audience = start(
        PlayerSettings(mode=Mode.KEEP_PACE, speed=4.0), lambda: gated_pipeline(lambda: go_on.wait(PATIENCE_S))
    )
    view = audience.wait(lambda view: view.state is SessionState.ENDED)
    assert view.prediction is None
    assert SessionState.STALE in {view.state for view in audience.views}
    assert len(audience.indices) + view.dropped.get("late", 0) == FRAMES
    go_on.set()
    player.close(PATIENCE_S)


def test_at_the_sources_pace_a_pause_brings_the_frames_own_result(start) -> None:
    player, audience = start(PlayerSettings(mode=Mode.KEEP_PACE, speed=0.5))
    audience.wait(lambda view: view.frame is not None and view.frame.index >= 3)
    player.pause()
    audience.wait(
        lambda view: (
            view.state is SessionState.PAUSED
            and view.prediction is not None
            and view.prediction.index == view.frame.index
        )
    )


def test_a_heatmap_asked_for_while_paused_is_computed_for_the_shown_frame(start) -> None:
    player, audience = start(PlayerSettings(playing=False, cam=False))
    assert audience.wait_index(0).prediction.cam is None
    player.set_cam(True)
    view = audience.wait(lambda view: view.prediction is not None and view.prediction.cam is not None)
    assert view.frame.index == 0


def test_the_threshold_is_used_for_the_next_frames(start) -> None:
    player, audience = start(PAUSED)
    assert audience.wait_index(0).prediction.threshold == 0.5
    player.set_threshold(0.2)
    player.step(1)
    assert audience.wait_index(1).prediction.threshold == 0.2


def test_a_source_that_is_not_there_is_a_fault_with_a_reason(start, tmp_path: Path) -> None:
    _, audience = start(FAST, source=tmp_path / "missing.mp4")
    view = audience.wait(lambda view: view.state is SessionState.FAULT)
    assert "missing.mp4" in view.reason
    assert "Traceback" not in view.reason


def test_a_model_that_cannot_be_opened_is_a_fault_and_the_video_goes_on(start) -> None:
    def missing() -> Pipeline:
        raise SourceNotFound("No model 'x'", "Name another.")

    _, audience = start(FAST, missing)
    audience.wait(lambda view: view.frame is not None and view.frame.index == FRAMES - 1)
    assert audience.views[-1].state is SessionState.FAULT
    assert audience.views[-1].reason == "No model 'x'. Name another."


def test_an_engine_that_fails_is_a_fault_and_the_video_goes_on(start) -> None:
    _, audience = start(FAST, lambda: gated_pipeline(broken))
    audience.wait(lambda view: view.frame is not None and view.frame.index == FRAMES - 1)
    assert audience.views[-1].state is SessionState.FAULT
    assert "Try another backend" in audience.views[-1].reason
    assert audience.indices == list(range(FRAMES))


def test_closing_while_the_engine_is_busy_names_the_survivor_and_then_ends(start) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def gate() -> None:
        entered.set()
        go_on.wait(PATIENCE_S)

    player, _ = start(FAST, lambda: gated_pipeline(gate))
    assert entered.wait(PATIENCE_S)
    assert player.close(0.05) == ("polyplive-inference",)
    go_on.set()
    assert player.close(PATIENCE_S) == ()


def test_views_wait_for_a_slow_window(start) -> None:
    player, audience = start(PlayerSettings(speed=50.0, views_ahead=4))
    audience.wait(lambda view: view.frame is not None)
    taken = 0
    while audience.views[-1].state is not SessionState.ENDED:
        while taken < len(audience.views):
            player.shown()
            taken += 1
            assert len(audience.views) - taken <= 5
        time.sleep(0.001)
    assert audience.indices == list(range(FRAMES))


class Memory:
    """A sink that keeps what it is given, and may fail at a frame."""

    wants_composite = True

    def __init__(self, fails_at: int | None = None) -> None:
        self.records: list[FrameRecord] = []
        self.session: SessionInfo | None = None
        self.ended: tuple[Tally, str] | None = None
        self.closed = False
        self._fails_at = fails_at

    def open(self, session: SessionInfo) -> None:
        self.session = session

    def write(self, record: FrameRecord) -> None:
        if record.frame.index == self._fails_at:
            raise SinkError("Cannot write 'out.mp4': no space left on device", "Free some space.")
        self.records.append(record)

    def end(self, tally: Tally, reason: str) -> None:
        self.ended = tally, reason

    def close(self) -> None:
        self.closed = True


def test_sinks_get_every_frame_in_order_and_the_closing_figures(start) -> None:
    sink = Memory()
    player, audience = start(FAST, sinks=(sink,))
    audience.wait(lambda view: view.state is SessionState.ENDED)
    player.close(PATIENCE_S)
    assert [record.frame.index for record in sink.records] == list(range(FRAMES))
    assert all(np.any(record.composite != record.frame.image) for record in sink.records)
    assert sink.session is not None
    assert sink.ended is not None
    assert sink.ended[0].processed == sink.ended[0].read == FRAMES
    assert sink.ended[1] == "end of file"
    assert sink.closed


def test_a_sink_that_fails_is_stopped_with_a_line_and_playback_goes_on(start) -> None:
    failing, fine = Memory(fails_at=5), Memory()
    _, audience = start(FAST, sinks=(failing, fine))
    view = audience.wait(lambda view: view.state is SessionState.ENDED)
    assert view.notices == ("Cannot write 'out.mp4': no space left on device. Free some space.",)
    assert failing.closed
    assert len(failing.records) == 5
    assert len(fine.records) == FRAMES


def test_frames_after_the_engine_died_are_recorded_as_what_they_are(tmp_path: Path, clip: Path) -> None:
    """In the video with the fault on them; in the events not at all, but counted."""
    calls = [0]

    def dies() -> None:
        calls[0] += 1
        if calls[0] > 5:
            broken()

    events = tmp_path / "events.jsonl"
    screen = Audience()
    player = Player(lambda: FileSource(clip), lambda: gated_pipeline(dies), screen, sinks=[EventsSink(events)])
    with player:
        screen.wait(lambda view: view.frame is not None and view.frame.index >= 15)
    lines = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
    frames = [line for line in lines if line["type"] == "frame"]
    assert len(frames) == 5
    end = lines[-1]
    assert end["frames_processed"] == 5
    assert end["dropped"]["no engine"] >= 10
    assert end["frames_read"] == 5 + sum(end["dropped"].values())


def test_frames_at_the_sources_pace_are_counted_as_not_recorded(tmp_path: Path, clip: Path) -> None:
    events = tmp_path / "events.jsonl"
    screen = Audience()
    player = Player(lambda: FileSource(clip), gated_pipeline, screen, sinks=[EventsSink(events)])
    with player:
        screen.wait(lambda view: view.frame is not None and view.frame.index >= 3)
        player.set_mode(Mode.KEEP_PACE)
        screen.wait(lambda view: view.frame is not None and view.frame.index >= 12)
    end = json.loads(events.read_text(encoding="utf-8").splitlines()[-1])
    assert end["dropped"]["not recorded"] >= 3
    assert end["frames_read"] == end["frames_processed"] + sum(end["dropped"].values())


def test_a_damaged_time_stamp_far_ahead_is_not_waited_for(clip: Path) -> None:
    class Holed(FileSource):
        def read(self):
            frame = super().read()
            if frame is None or frame.index < 5:
                return frame
            return dataclasses.replace(frame, pts_s=frame.pts_s + 1e15)

    screen = Audience()
    with Player(lambda: Holed(clip), gated_pipeline, screen):
        screen.wait(lambda view: view.frame is not None and view.frame.index >= 10)
