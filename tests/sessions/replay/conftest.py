"""A short clip, and players that must end with their test."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from clipmaker import write_clip
from gated_engine import open_gated
from replay_rig import FPS, FRAMES, PATIENCE_S, WHOLE, Audience

from polyplive.sessions.replay import Player, PlayerSettings
from polyplive.sources.file import FileSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from polyplive.sessions.engine_room.supervisor import OpenEngine
    from polyplive.sinks.base import Sink


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
        open_engine: OpenEngine | None = None,
        sinks: tuple[Sink, ...] = (),
        source: Path | None = None,
    ) -> tuple[Player, Audience]:
        audience = Audience()
        player = Player(
            lambda: FileSource(source or clip), open_engine or open_gated(), audience, settings, sinks, WHOLE
        )
        player.start()
        started.append(player)
        return player, audience

    yield starter
    for player in started:
        assert player.close(PATIENCE_S) == ()
    assert set(threading.enumerate()) <= before
