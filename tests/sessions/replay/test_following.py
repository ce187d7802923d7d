"""A player of a file that is still being written: no command waits for the file."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from clipmaker import number_in, write_clip
from gated_engine import open_gated
from growing_clip import PATIENCE_S as AGES_S
from growing_clip import Recorder
from replay_rig import FPS, PATIENCE_S, WHOLE, Audience

from polyplive.sessions.replay import Mode, Player, PlayerSettings
from polyplive.sources.reading.followed import FollowedSource
from polyplive.types import SessionState

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.sessions.view import View

FRAMES = 60


class Following:
    """A player of a file of which two thirds are there, which is never finished unless told."""

    def __init__(self, folder: Path, settings: PlayerSettings | None = None) -> None:
        self.path = folder / "growing.mkv"
        data = write_clip(folder / "whole.mkv", FRAMES, options={"bf": "0", "g": "12"}).read_bytes()
        self.rest = data[len(data) * 2 // 3 :]
        self.path.write_bytes(data[: -len(self.rest)])
        self.sources: list[FollowedSource] = []
        self.audience = Audience()
        self.player = Player(self._open, open_gated(), self.audience, settings, (), WHOLE)

    def _open(self) -> FollowedSource:
        self.sources.append(FollowedSource(self.path, AGES_S))
        return self.sources[-1]

    def go_on(self) -> None:
        with self.path.open("ab") as file:
            file.write(self.rest)
        self.sources[0].finish()

    def __enter__(self) -> Following:
        self._before = set(threading.enumerate())
        self.player.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self.player.close(PATIENCE_S) == ()
        assert set(threading.enumerate()) <= self._before


def waits(view: View) -> bool:
    return view.reason.startswith("Waiting")


@pytest.mark.parametrize("mode", list(Mode))
def test_it_waits_at_the_end_says_so_and_goes_on(mode: Mode, tmp_path: Path) -> None:
    with Following(tmp_path, PlayerSettings(speed=4.0, mode=mode)) as following:
        audience = following.audience
        view = audience.wait(waits)
        assert view.state is SessionState.READY
        assert FRAMES // 3 < view.frame.index < FRAMES - 5
        assert view.duration_s == pytest.approx((view.frame.index + 1) / FPS)
        following.go_on()
        last = audience.wait(lambda view: view.state is SessionState.ENDED)
        assert last.frame.index == FRAMES - 1
        assert last.duration_s == pytest.approx(FRAMES / FPS)
        if mode is Mode.EVERY_FRAME:
            assert audience.indices == list(range(FRAMES))
            assert last.dropped == {}
        assert all(number_in(view.frame.image) == view.frame.index for view in audience.views if view.frame)


def test_commands_are_followed_while_it_waits(tmp_path: Path) -> None:
    with Following(tmp_path, PlayerSettings(speed=4.0)) as following:
        player, audience = following.player, following.audience
        newest = audience.wait(waits).frame.index
        player.pause()
        audience.wait_index(newest)
        player.step(-1)
        audience.wait_index(newest - 1)
        player.seek(10 / FPS)
        audience.wait_index(10)
        player.play()
        assert audience.wait(waits).frame.index == newest
        following.go_on()
        assert audience.wait(lambda view: view.state is SessionState.ENDED).frame.index == FRAMES - 1


def test_it_closes_while_it_waits(tmp_path: Path) -> None:
    with Following(tmp_path, PlayerSettings(speed=4.0)) as following:
        following.audience.wait(waits)


def test_a_recorder_that_is_slower_than_the_player_loses_no_frame(tmp_path: Path) -> None:
    data = write_clip(tmp_path / "whole.ts", FRAMES).read_bytes()
    growing, audience, sources = tmp_path / "growing.ts", Audience(), []

    def opened() -> FollowedSource:
        sources.append(FollowedSource(growing, AGES_S))
        recorder.then(sources[0].finish)
        return sources[0]

    with Recorder(growing, data, most=len(data) // 60) as recorder:
        player = Player(opened, open_gated(), audience, PlayerSettings(speed=20.0), (), WHOLE)
        player.start()
        audience.wait(lambda view: view.state is SessionState.ENDED)
        assert player.close(PATIENCE_S) == ()
    assert audience.indices == list(range(FRAMES))
