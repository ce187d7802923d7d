"""Playing over a change of the picture's size: results belong to their own frames, findings begin anew."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from discs import EACH, SIZES, TOTAL, changing, check_box, size_of
from gated_engine import open_gated
from replay_rig import FAST, PATIENCE_S

from polyplive.sessions.replay import Mode, PlayerSettings
from polyplive.types import SessionState

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.sessions.view import View


@pytest.fixture(scope="module", params=["joined.ts", "recorder.mkv"])
def video(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return changing(tmp_path_factory.mktemp("sizes") / request.param)


def check(view: View) -> int:
    """The view's result is in its frame's own pixels; gives the number of its finding."""
    assert (view.frame.width, view.frame.height) == size_of(view.frame.index)
    assert view.prediction.size == (view.frame.width, view.frame.height)
    (found,) = view.prediction.detections
    check_box(found.bbox)
    return found.track


def test_every_frame_has_its_own_size_and_its_own_result(start, video: Path) -> None:
    _, audience = start(FAST, source=video)
    audience.wait(lambda view: view.state is SessionState.ENDED)
    assert audience.indices == list(range(TOTAL))
    shown = [view for view in audience.views if view.frame is not None and view.engine is not None]
    tracks = {view.frame.index: check(view) for view in shown}
    assert [tracks[number] for number in range(TOTAL)] == [1] * EACH + [2] * EACH + [3] * EACH


def test_steps_and_seeks_back_and_forth_over_the_change(start, video: Path) -> None:
    player, audience = start(PlayerSettings(playing=False), source=video)
    audience.wait_index(0)
    tracks = [check(audience.views[-1])]
    player.seek((EACH - 0.9) / 25)
    tracks.append(check(audience.wait_index(EACH - 1)))
    player.step(1)
    tracks.append(check(audience.wait_index(EACH)))
    player.step(-1)
    tracks.append(check(audience.wait_index(EACH - 1)))
    player.seek((2 * EACH + 0.1) / 25)
    tracks.append(check(audience.wait_index(2 * EACH)))
    player.step(-1)
    tracks.append(check(audience.wait_index(2 * EACH - 1)))
    assert len(set(tracks)) == len(tracks), "no number is given twice"


def test_at_the_sources_pace_no_result_is_drawn_on_a_frame_of_another_size(start, video: Path) -> None:
    """Its places are pixels of another picture."""
    go_on = threading.Event()
    go_on.set()
    settings = PlayerSettings(mode=Mode.KEEP_PACE, speed=0.25, max_age_ms=1e6)
    player, audience = start(settings, open_gated(lambda: go_on.wait(PATIENCE_S)), source=video)
    before = audience.wait(lambda view: view.prediction is not None)
    go_on.clear()  # from here on no result comes
    assert before.prediction.size == SIZES[0]
    player.set_speed(0.5)
    audience.wait(lambda view: view.state is SessionState.ENDED)
    shown = [view for view in audience.views if view.frame is not None]
    assert {view.frame.width for view in shown} == {width for width, _ in SIZES}
    with_result = [view for view in shown if view.prediction is not None]
    assert all(view.prediction.size == (view.frame.width, view.frame.height) for view in with_result)
    go_on.set()
