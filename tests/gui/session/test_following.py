"""The window of a recording that is still being written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clipmaker import write_clip
from gated_engine import open_gated
from growing_clip import PATIENCE_S
from window_driver import PATIENCE_MS, Key, press

from polyplive.gui.window.opening import ReplayOpening
from polyplive.sources.reading.followed import FollowedSource
from polyplive.types import SessionState

if TYPE_CHECKING:
    from pathlib import Path

FRAMES = 60


def test_it_waits_with_a_word_goes_to_the_newest_frame_and_on(nothing_left: None, qtbot, tmp_path: Path) -> None:
    data = write_clip(tmp_path / "whole.mkv", FRAMES, options={"bf": "0", "g": "12"}).read_bytes()
    path, there = tmp_path / "growing.mkv", len(data) * 2 // 3
    path.write_bytes(data[:there])
    sources: list[FollowedSource] = []

    def opened() -> FollowedSource:
        sources.append(FollowedSource(path, PATIENCE_S))
        return sources[-1]

    window = ReplayOpening(opened, open_gated(), snapshots=tmp_path).make_page()
    qtbot.addWidget(window)
    window.show()
    window.start()
    qtbot.waitUntil(lambda: window.display.view.frame is not None, timeout=PATIENCE_MS)
    press(window, qtbot, Key.Key_End)
    qtbot.waitUntil(lambda: window.strip.reason.text().startswith("Waiting"), timeout=PATIENCE_MS)
    newest = window.display.view.frame.index
    assert FRAMES // 3 < newest < FRAMES - 5
    assert window.transport.seek.maximum() == round(1000 * (newest + 1) / 25)
    with path.open("ab") as file:
        file.write(data[there:])
    qtbot.waitUntil(lambda: window.display.view.frame.index > newest, timeout=PATIENCE_MS)
    assert not window.strip.reason.text().startswith("Waiting")
    sources[0].finish()
    qtbot.waitUntil(lambda: window.display.view.state is SessionState.ENDED, timeout=PATIENCE_MS)
    assert window.display.view.frame.index == FRAMES - 1
    assert window.problems == ()
    window.close()
    assert window.player.close(PATIENCE_S) == ()
