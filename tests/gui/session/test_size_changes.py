"""The window over a change of the picture's size: proportions, overlay, snapshot, recording."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np
import pytest
from discs import EACH, SIZES, TOTAL, changing, check_box, outline, size_of
from window_driver import PATIENCE_MS, Key, paused, press

from polyplive.commands.session_setup import make_sinks
from polyplive.config import PipelineSettings, Settings
from polyplive.sessions.replay import pace
from polyplive.types import OverlaySettings, SessionState

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.gui.session.replay_page import ReplayPage

CONTOUR_ONLY = Settings(
    overlay=OverlaySettings(mask=False, heatmap=False, scores=False, status=False, figures=False),
    pipeline=PipelineSettings(roi="none"),
)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return changing(tmp_path_factory.mktemp("sizes") / "joined.ts")


def check_shown(window: ReplayPage, index: int) -> None:
    width, height = size_of(index)
    (rect,) = window.video.picture_rects()
    assert rect.width() / rect.height() == pytest.approx(width / height, rel=0.01)
    assert f"{width} \u00d7 {height}" in window.panel.about.text()
    clean, marked = (cv2.imread(str(path)) for path in window.save_snapshot().result(PATIENCE_MS / 1000))
    assert clean.shape == marked.shape == (height, width, 3)
    check_box(outline(marked))


def test_steps_over_the_change_keep_proportions_and_place(open_window, qtbot, video: Path) -> None:
    window = open_window(source=video, settings=CONTOUR_ONLY, playing=False)
    window.player.seek((EACH - 0.9) / 25)
    paused(window, qtbot, EACH - 1)
    check_shown(window, EACH - 1)
    press(window, qtbot, Key.Key_Right)
    paused(window, qtbot, EACH)
    check_shown(window, EACH)
    press(window, qtbot, Key.Key_Left)
    paused(window, qtbot, EACH - 1)
    check_shown(window, EACH - 1)
    press(window, qtbot, Key.Key_B)  # beside the source frame
    press(window, qtbot, Key.Key_End)
    paused(window, qtbot, TOTAL - 1)
    assert [image.shape for image in window.display.images()] == [(SIZES[-1][1], SIZES[-1][0], 3)] * 2


@pytest.mark.parametrize("key", [Key.Key_K, Key.Key_B])
def test_it_plays_over_the_change_in_every_way(
    key: Key, open_window, qtbot, video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "_TOO_LATE_S", math.inf)  # however slow the machine, frames of each size are shown
    seen: set[tuple[int, ...]] = set()

    def begin(window: ReplayPage) -> None:
        press(window, qtbot, key)
        window._bridge.arrived.connect(lambda _: seen.update(image.shape for image in window.display.images()))

    window = open_window(source=video, settings=CONTOUR_ONLY, before_start=begin)
    qtbot.waitUntil(lambda: window.display.view.state is SessionState.ENDED, timeout=PATIENCE_MS)
    assert {shape[:2] for shape in seen} == {(height, width) for width, height in SIZES}
    assert window.problems == ()


def test_a_recording_of_what_is_shown_goes_on_in_another_file_at_each_change(
    open_window, qtbot, video: Path, tmp_path: Path
) -> None:
    sinks = make_sinks({"record": tmp_path / "shown.mp4"})
    window = open_window(source=video, settings=CONTOUR_ONLY, sinks=sinks)
    qtbot.waitUntil(lambda: window.display.view.position_s > 0, timeout=PATIENCE_MS)
    window.player.seek(0.0)  # a recording with a jump in it is not over where the video ends
    qtbot.waitUntil(lambda: window.display.view.state is SessionState.ENDED, timeout=PATIENCE_MS)
    window.player.seek((EACH - 1.9) / 25)
    window.player.step(3)
    paused(window, qtbot, EACH + 1)
    window.close()
    assert window.problems == ()
    files = sinks[0].files
    assert [path.name for path in files] == ["shown.mp4", *(f"shown-00{number}.mp4" for number in (2, 3, 4))]
    counts = []
    for path, size in zip(files, [*SIZES, SIZES[1]], strict=True):
        with av.open(str(path)) as recorded:
            pictures = [frame.to_ndarray(format="bgr24") for frame in recorded.decode(video=0)]
        counts.append(len(pictures))
        for picture in pictures:
            assert picture.shape == (size[1], size[0], 3)
            check_box(outline(np.ascontiguousarray(picture)))
    assert counts[0] > EACH
    assert counts[1:] == [EACH, EACH + 2, 2]
