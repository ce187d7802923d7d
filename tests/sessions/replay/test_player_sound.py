"""A recording made in the window: the sound follows what was shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from replay_rig import FAST, PATIENCE_S
from sound_clips import FRAME_S, MARKS_S, beeps, flashes, write_marked

from polyplive.sessions.replay import PlayerSettings
from polyplive.sinks.sound_source import SoundSource
from polyplive.sinks.video import VideoSink
from polyplive.sources.reading.medium import FileMedium
from polyplive.types import OverlaySettings, SessionState

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_after_a_pause_and_steps_the_sound_is_still_in_time(start, suffix: str, tmp_path: Path) -> None:
    source, path = write_marked(tmp_path / "a.mp4"), tmp_path / f"out{suffix}"
    sound = SoundSource(FileMedium(source), None, pytest.fail)
    plain = OverlaySettings(visible=False)
    settings = PlayerSettings(speed=FAST.speed, playing=False, overlay=plain)
    player, audience = start(settings, sinks=(VideoSink(path, sound=sound),), source=source)
    audience.wait_index(0)
    for number in range(1, 6):
        player.step(1)
        audience.wait_index(number)
    player.play()
    audience.wait(lambda view: view.frame is not None and view.frame.index > 30)
    player.pause()
    audience.wait(lambda view: view.state is SessionState.PAUSED)
    player.play()
    audience.wait(lambda view: view.state is SessionState.ENDED)
    player.close(PATIENCE_S)
    assert flashes(path) == pytest.approx(list(MARKS_S), abs=FRAME_S)
    assert beeps(path) == pytest.approx(list(MARKS_S), abs=FRAME_S)
    sound.close()
