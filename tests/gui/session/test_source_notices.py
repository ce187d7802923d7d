"""What there is to know of a source is shown in the window's strip, and is no problem."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clipmaker import write_clip
from discs import SIZES, changing
from several_streams import write_streams
from window_driver import PATIENCE_MS

from polyplive.types import SessionState

if TYPE_CHECKING:
    from pathlib import Path


def test_the_strip_says_which_stream_plays(open_window, qtbot, tmp_path: Path) -> None:
    window = open_window(source=write_streams(tmp_path / "several.mkv", [(64, 48), (128, 96)]))
    qtbot.waitUntil(lambda: window.display.view.state is SessionState.ENDED, timeout=PATIENCE_MS)
    assert window.strip.text.text() == "plays video stream 2 of 2 (128x96); --stream 1 for 64x48"
    assert window.problems == ()


def test_the_strip_says_that_the_size_changed(open_window, qtbot, tmp_path: Path) -> None:
    window = open_window(source=changing(tmp_path / "joined.ts"))
    qtbot.waitUntil(lambda: window.display.view.state is SessionState.ENDED, timeout=PATIENCE_MS)
    width, height = SIZES[-1]
    assert window.strip.text.text() == f"The picture's size changed: {width} \u00d7 {height}"
    assert window.problems == ()


def test_the_strip_says_once_that_time_stamps_are_repaired(open_window, qtbot, tmp_path: Path) -> None:
    times = [number if number != 9 else 8 for number in range(20)]
    video = write_clip(tmp_path / "a.mkv", 20, times=times, options={"bf": "0"})
    window = open_window(source=video)
    qtbot.waitUntil(lambda: window.display.view.state is SessionState.ENDED, timeout=PATIENCE_MS)
    assert window.strip.text.text() == "Time stamps of this recording are wrong in places, and repaired"
