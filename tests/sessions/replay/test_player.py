"""The player, with a real decoder and a real pipeline; no window."""

from __future__ import annotations

import dataclasses
import threading
import time
from typing import TYPE_CHECKING

import pytest
from clipmaker import number_in, write_clip
from faulty_engines import EngineProcesses, faulty
from gated_engine import broken, open_gated
from processes import PATIENCE_S, is_alive
from replay_rig import FAST, FPS, FRAMES, Audience

from polyplive.errors import ModelNotFound
from polyplive.sessions.replay import Mode, Player, PlayerSettings
from polyplive.sources.file import FileSource
from polyplive.types import SessionState

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.backends.base import Engine
    from polyplive.sessions.engine_room.interrupt import Interrupt

PAUSED = PlayerSettings(playing=False)


def test_every_frame_is_shown_once_in_order_with_its_own_result(start) -> None:
    _, audience = start(FAST)
    last = audience.wait(lambda view: view.state is SessionState.ENDED)
    assert audience.indices == list(range(FRAMES))
    shown = [view for view in audience.views if view.frame is not None and view.engine is not None]
    assert all(view.prediction is not None and view.prediction.index == view.frame.index for view in shown)
    assert all(number_in(view.frame.image) == view.frame.index for view in shown)
    assert all(view.prediction.steady_heat.shape == view.prediction.cam.shape for view in shown)
    assert last.dropped == {}
    assert last.duration_s == pytest.approx(FRAMES / FPS)


def test_the_first_picture_waits_for_no_model_and_comes_again_with_its_result(clip: Path) -> None:
    may_open = threading.Event()

    def open_late(interrupt: Interrupt) -> Engine:
        assert may_open.wait(PATIENCE_S)
        return open_gated()(interrupt)

    audience = Audience()
    with Player(lambda: FileSource(clip), open_late, audience, FAST):
        early = audience.wait(lambda view: view.frame is not None)
        assert (early.frame.index, early.prediction, early.engine) == (0, None, None)
        assert (early.state, early.reason) == (SessionState.STALE, "The model is being opened: no overlay is drawn.")
        may_open.set()
        own = audience.wait(lambda view: view.prediction is not None)
        assert (own.frame.index, own.prediction.index) == (0, 0)
        audience.wait(lambda view: view.state is SessionState.ENDED)
    assert audience.indices == list(range(FRAMES))


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

    player, audience = start(PlayerSettings(playing=False), open_gated(gate))
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
    player, audience = start(PlayerSettings(mode=Mode.KEEP_PACE, speed=4.0), open_gated(lambda: go_on.wait(PATIENCE_S)))
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
    def missing(_: Interrupt) -> Engine:
        raise ModelNotFound("No model 'x'", "Name another.")

    _, audience = start(FAST, missing)
    last = audience.wait(lambda view: view.frame is not None and view.frame.index == FRAMES - 1)
    assert last.state is SessionState.FAULT
    assert last.reason == "No model 'x'. Name another."


def test_an_engine_that_fails_is_a_fault_and_the_video_goes_on(start) -> None:
    _, audience = start(FAST, open_gated(broken))
    last = audience.wait(lambda view: view.frame is not None and view.frame.index == FRAMES - 1)
    assert last.state is SessionState.FAULT
    assert "Try another backend" in last.reason
    assert audience.indices == list(range(FRAMES))


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Far longer, at a quarter of its pace, than it takes to open an engine."""
    return write_clip(tmp_path_factory.mktemp("long") / "clip.mp4", 1500, fps=FPS)


@pytest.mark.parametrize("fault", ["kill", "null pointer", "raise", "nan", "hang"])
def test_the_overlay_comes_back_after_the_engine_failed_and_the_video_goes_on_meanwhile(
    start, long_clip: Path, fault: str
) -> None:
    """Over real processes."""
    engines = EngineProcesses(faulty(fault, first=4), faulty())
    player, audience = start(PlayerSettings(speed=0.25), engines, source=long_clip)
    view = audience.wait(lambda view: view.state is SessionState.FAULT)
    audience.wait(lambda view: "started again" in view.reason)
    back = audience.wait(lambda view: view.state is SessionState.READY)
    assert len(engines.opened) == 2
    assert back.prediction is not None
    assert back.prediction.index == back.frame.index
    assert back.frame.index > view.frame.index
    assert audience.indices[: back.frame.index + 1] == list(range(back.frame.index + 1)), "no frame was left out"
    assert any(view.frame is not None and view.prediction is None for view in audience.views)
    player.close(PATIENCE_S)
    assert not any(is_alive(engine.process_id) for engine in engines.opened)


def test_while_paused_the_shown_frame_gets_its_result_from_the_next_engine(start) -> None:
    engines = EngineProcesses(faulty("kill", first=1), faulty())
    _, audience = start(PAUSED, engines)
    view = audience.wait(lambda view: view.state is SessionState.PAUSED and view.prediction is not None)
    assert view.prediction.index == view.frame.index == 0


def test_closing_while_the_engine_is_busy_names_the_survivor_and_then_ends(start) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def gate() -> None:
        entered.set()
        go_on.wait(PATIENCE_S)

    player, _ = start(FAST, open_gated(gate))
    assert entered.wait(PATIENCE_S)
    assert player.close(0.05) == ("polyplive-engine",)
    go_on.set()
    assert player.close(PATIENCE_S) == ()


def test_views_wait_for_a_slow_window(start) -> None:
    player, audience = start(PlayerSettings(speed=50.0, views_ahead=4))
    audience.wait(lambda view: view.frame is not None)
    taken = 0
    while audience.views[-1].state is not SessionState.ENDED:
        audience.wait(lambda _, seen=taken: len(audience.views) > seen)
        while taken < len(audience.views):
            player.shown()
            taken += 1
            assert len(audience.views) - taken <= 5
    assert audience.indices == list(range(FRAMES))


def test_a_damaged_time_stamp_far_ahead_is_not_waited_for(clip: Path) -> None:
    class Holed(FileSource):
        def read(self):
            frame = super().read()
            if frame is None or frame.index < 5:
                return frame
            return dataclasses.replace(frame, pts_s=frame.pts_s + 1e15)

    screen = Audience()
    with Player(lambda: Holed(clip), open_gated(), screen):
        screen.wait(lambda view: view.frame is not None and view.frame.index >= 10)
