"""Pixels that are not square: a circle is a circle on screen and in snapshots, and the overlay lies on it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from shaped_clip import write_shaped
from true_circles import SHAPES, check_round, disc, only_the_picture, red, seen
from window_driver import PATIENCE_MS, Key, paused, press

from polyplive.overlay.colours import CONTOUR_COLOUR

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.gui.session.replay_page import ReplayPage


@pytest.fixture(params=SHAPES)
def window(request: pytest.FixtureRequest, open_window, qtbot, tmp_path: Path) -> ReplayPage:
    """Paused at the first frame of a clip with a disc."""
    size, aspect = SHAPES[request.param]
    clip = write_shaped(tmp_path / "clip.mp4", size, aspect, pix_fmt="yuv444p", image=disc(*size, aspect))
    made = open_window(source=clip, playing=False)
    paused(made, qtbot, 0)
    return made


def test_a_circle_is_a_circle_whatever_the_windows_size(window: ReplayPage, qtbot) -> None:
    only_the_picture(window)
    check_round(seen(window.video), 250)
    window.resize(820, 790)
    qtbot.waitUntil(lambda: window.width() == 820, timeout=PATIENCE_MS)
    check_round(seen(window.video), 150)
    press(window, qtbot, Key.Key_F11)
    qtbot.waitUntil(window.isFullScreen, timeout=PATIENCE_MS)
    check_round(seen(window.video), 200)
    press(window, qtbot, Key.Key_B)
    left, right = window.video.picture_rects()
    whole = seen(window.video)
    for rect in (left, right):
        half = rect.toRect()
        check_round(whole[half.top() : half.bottom(), half.left() : half.right()], 100)


def test_the_overlay_lies_on_what_it_marks(window: ReplayPage) -> None:
    window.display.set(status=False, figures=False, scores=False, mask=False, heatmap=False)
    window._redraw()
    window.video.show_banner(None)  # it has colours of its own
    drawn = seen(window.video)
    near = np.abs(drawn.astype(int) - CONTOUR_COLOUR).max(axis=2) < 60
    x, y, width, height = cv2.boundingRect(near.astype(np.uint8))
    only_the_picture(window)
    place = red(seen(window.video))
    assert (x + width / 2, y + height / 2) == pytest.approx(
        (place[0] + place[2] / 2, place[1] + place[3] / 2), abs=0.03 * place[3]
    )
    assert (width, height) == pytest.approx(place[2:], rel=0.1)
    frame = window.display.view.frame
    (found,) = window.display.prediction.detections
    left, top, across, down = found.bbox
    assert left + across <= frame.width, "coordinates count the source's pixels"
    assert top + down <= frame.height
    assert across * float(frame.sample_aspect) == pytest.approx(down, rel=0.1)


def test_a_snapshot_looks_right_where_pixels_are_taken_for_square(window: ReplayPage, qtbot, tmp_path: Path) -> None:
    only_the_picture(window)
    frame = window.display.view.frame
    for path in window.save_snapshot().result(PATIENCE_MS / 1000):
        saved = cv2.imread(str(path))
        check_round(saved, 80)
        assert saved.shape[0] >= frame.height
        assert saved.shape[1] >= frame.width
        assert saved.shape[1] / saved.shape[0] == pytest.approx(
            frame.width * float(frame.sample_aspect) / frame.height, rel=0.01
        )
    press(window, qtbot, Key.Key_B)
    pair = window.save_snapshot().result(PATIENCE_MS / 1000)
    assert {cv2.imread(str(path)).shape for path in pair} == {saved.shape}, "each stands alone"


def test_the_panel_says_both_sizes(open_window, qtbot, tmp_path: Path) -> None:
    made = open_window(source=write_shaped(tmp_path / "clip.mp4", (180, 144), Fraction(64, 45)), playing=False)
    paused(made, qtbot, 0)
    assert "180 \u00d7 144" in made.panel.about.text()
    assert "shown as 256 \u00d7 144" in made.panel.about.text()
