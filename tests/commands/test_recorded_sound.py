"""``replay --record`` and the sound of the video."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sound_clips import FRAME_S, MARKS_S, beeps, flashes, write_marked

from polyplive.cli import main

if TYPE_CHECKING:
    from pathlib import Path

FAST = ["--headless", "--no-heatmap", "--frames", "40"]


@pytest.mark.parametrize("chosen", [[], ["--no-sound"]])
def test_the_sound_is_recorded_unless_it_is_not_wanted(
    chosen: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, path = write_marked(tmp_path / "a.ts"), tmp_path / "out.mp4"
    assert main(["replay", str(source), "--record", str(path), "--start", "0.4", *FAST, *chosen]) == 0
    assert "ound" not in capsys.readouterr().err
    shown = [mark - 0.4 for mark in MARKS_S if mark < 2.0]
    assert flashes(path) == pytest.approx(shown, abs=FRAME_S)
    heard = beeps(path)
    assert heard is None if chosen else heard == pytest.approx(shown, abs=FRAME_S)


def test_sound_that_the_file_cannot_hold_is_said_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_marked(tmp_path / "a.avi", "pcm_s16le", "mjpeg")
    assert main(["replay", str(source), "--record", str(tmp_path / "out.mp4"), *FAST]) == 0
    lines = [line for line in capsys.readouterr().err.splitlines() if "ound" in line]
    assert lines == ["Sound is not recorded: .mp4 cannot hold pcm_s16le. Record to .mkv."]
    assert beeps(tmp_path / "out.mp4") is None
