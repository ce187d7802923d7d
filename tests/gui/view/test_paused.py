"""A paused frame: every change of what is drawn, and of the window's size, is on screen at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from true_circles import seen
from view_scenes import free_of_overlay
from window_driver import PATIENCE_MS, Key, press

if TYPE_CHECKING:
    from polyplive.gui.session.replay_page import ReplayPage


def check(window: ReplayPage) -> np.ndarray:
    """What is on screen, which outside of the overlay and of the word "Paused" is the scaled frame."""
    grabbed, contents = seen(window.video), window.video.contents
    rect = window.video.picture_rects()[-1]
    left, top, width, height = (round(side) for side in (rect.left(), rect.top(), rect.width(), rect.height()))
    picture = grabbed[top : top + height, left : left + width]
    scene = window.display.scene
    free = free_of_overlay(scene, scene.target(width, height, 1.0))
    for patch in contents.announcements(window.video, scene, contents.arrangement(window.video)):
        rows, columns = (max(start, 0) for start in (patch.y - top, patch.x - left))
        free[rows : rows + patch.pixels.shape[0], columns : columns + patch.pixels.shape[1]] = False
    assert free.any()
    assert np.array_equal(picture[free], scene.frame.bgra_at(width, height)[free][:, :3])
    return grabbed


def test_keys_and_sliders(window: ReplayPage, qtbot) -> None:
    after = check(window)
    for change in (
        lambda: window.panel.threshold.slider.setValue(75),
        lambda: window.panel.threshold.slider.setValue(50),
        lambda: window.panel.opacity.slider.setValue(20),
        lambda: press(window, qtbot, Key.Key_H),
        lambda: press(window, qtbot, Key.Key_V),
        lambda: press(window, qtbot, Key.Key_N),
        lambda: press(window, qtbot, Key.Key_C),
        lambda: press(window, qtbot, Key.Key_I),
        lambda: press(window, qtbot, Key.Key_B),
    ):
        before = after
        change()
        after = check(window)
        assert (after != before).any()


def test_the_size_of_the_window(window: ReplayPage, qtbot) -> None:
    for size in ((820, 700), (1500, 900)):
        window.resize(*size)
        qtbot.waitUntil(lambda size=size: (window.width(), window.height()) == size, timeout=PATIENCE_MS)
        check(window)
    press(window, qtbot, Key.Key_F11)
    qtbot.waitUntil(window.isFullScreen, timeout=PATIENCE_MS)
    check(window)
    press(window, qtbot, Key.Key_B)
    check(window)
