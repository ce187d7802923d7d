"""What the raster view paints: the scaled frame bit for bit, the overlay over it, and nothing twice."""

from __future__ import annotations

import dataclasses
import os
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from processes import run_python
from true_circles import seen
from view_scenes import EVERYTHING, HUD, finding, free_of_overlay, scene

from polyplive.gui.view.arrangement import arrange
from polyplive.gui.view.video_view import VideoView
from polyplive.overlay.compositor import elements
from polyplive.types import Frame, Hud, OverlaySettings, SessionState

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polyplive.gui.view.scene import Scene


@pytest.fixture
def view(qapp, qtbot) -> VideoView:
    made = VideoView("raster")
    qtbot.addWidget(made)
    made.resize(700, 500)
    return made


def cells(view: VideoView, shown: Scene) -> list[NDArray[np.uint8]]:
    """What is on screen where each picture lies: uint8 [H, W, 3] BGR."""
    view.show_scene(shown)
    grabbed = seen(view)
    found = view.contents.arrangement(view)
    return [grabbed[cell.slices] for cell in found.cells]


def check(view: VideoView, shown: Scene) -> None:
    """Outside of the overlay there is the scaled frame, and within it what the elements draw."""
    pictures = cells(view, shown)
    height, width = pictures[-1].shape[:2]
    scaled = shown.frame.bgra_at(width, height)[..., :3]
    target = shown.target(width, height, 1.0)
    free = free_of_overlay(shown, target)
    assert 0.2 < free.mean() < 1
    assert np.array_equal(pictures[-1][free], scaled[free])
    drawn = np.ascontiguousarray(scaled)
    for element in elements(target, shown.prediction, shown.settings, shown.hud):
        element.draw(drawn)
    difference = np.abs(pictures[-1].astype(int) - drawn)
    assert difference.max() <= 12, "each of several layers is rounded"
    assert (difference > 4).mean() < 0.02
    for picture in pictures[:-1]:
        assert np.array_equal(picture, scaled), "the source has no overlay"


@pytest.mark.parametrize("two", [False, True])
@pytest.mark.parametrize("aspect", [Fraction(1), Fraction(64, 45), Fraction(1, 2)])
@pytest.mark.parametrize("size", [(320, 240), (961, 541)])
def test_outside_the_overlay_every_pixel_is_the_scaled_frames(
    view: VideoView, size: tuple[int, int], aspect: Fraction, two: bool
) -> None:
    check(view, scene(*size, aspect, two=two))


def test_it_stays_so_when_the_view_changes_its_size_and_the_frame_changes(view: VideoView) -> None:
    shown = scene()
    for size in ((700, 500), (401, 333), (1200, 900)):
        view.resize(*size)
        check(view, shown)
    for number, other in enumerate(((320, 240), (640, 360), (320, 240)), start=1):
        check(view, scene(*other, number=number))


def test_a_change_of_the_overlay_is_on_screen_at_once(view: VideoView) -> None:
    shown = scene()
    (before,) = cells(view, shown)
    changes = (
        {"settings": dataclasses.replace(EVERYTHING, opacity=0.2)},
        {"settings": dataclasses.replace(EVERYTHING, heatmap=False)},
        {"settings": dataclasses.replace(EVERYTHING, visible=False)},
        {"prediction": finding(320, 240, (0.5, 0.5, 0.2))},
        {"prediction": None},
        {"hud": Hud(SessionState.STALE, "the model is busy")},
    )
    for change in changes:
        other = dataclasses.replace(shown, **change)
        (after,) = cells(view, other)
        assert (after != before).any()
        check(view, other)


def test_around_the_pictures_it_is_black(view: VideoView) -> None:
    for two in (False, True):
        view.show_scene(dataclasses.replace(scene(two=two), settings=OverlaySettings(visible=False)))
        grabbed = seen(view)
        for cell in view.contents.arrangement(view).cells:
            grabbed[cell.slices] = 0
            caption = grabbed[cell.y - 24 : cell.y, cell.x : cell.x + cell.width]
            assert caption.any() == two
            caption[...] = 0
        assert not grabbed.any()


class Counted(Frame):
    """Counts how often it is scaled."""

    conversions: int

    def bgra_at(self, width: int, height: int, out=None, crop=None):
        object.__setattr__(self, "conversions", getattr(self, "conversions", 0) + 1)
        return super().bgra_at(width, height, out, crop)


def test_a_frame_is_converted_once_however_often_it_is_painted(view: VideoView) -> None:
    frame = Counted(np.zeros((240, 320, 3), np.uint8))
    shown = dataclasses.replace(scene(two=True), frame=frame)
    view.show_scene(shown)
    assert getattr(frame, "conversions", 0) == 0, "nobody sees it yet"
    for _ in range(3):
        view.grab()
    assert frame.conversions == 1
    view.show_scene(dataclasses.replace(shown, settings=OverlaySettings(opacity=0.1), hud=HUD))
    view.grab()
    assert frame.conversions == 1, "another overlay needs no other picture"
    view.resize(600, 400)
    view.grab()
    assert frame.conversions == 2


def test_frames_use_the_same_memory(view: VideoView) -> None:
    view.show_scene(scene(number=1))
    view.grab()
    pixels = view.surface._scaled._pixels
    for number in range(2, 5):
        view.show_scene(scene(number=number))
        view.grab()
        assert view.surface._scaled._pixels is pixels


def test_it_tells_at_which_size_overlays_are_drawn(view: VideoView) -> None:
    told = []
    view.contents.on_target = told.append
    shown = scene()
    view.show_scene(shown)
    for _ in range(3):
        view.grab()
    expected = arrange((320, 240), (700, 500), 1.0).size
    assert told == [shown.target(*expected, 1.0)]
    view.resize(500, 300)
    view.grab()
    assert [target.source for target in told] == [(320, 240)] * 2
    assert told[-1] != told[0]


def test_without_a_scene_there_is_the_message(view: VideoView) -> None:
    view.show_message("Opening", "The source is being opened.")
    words = seen(view)
    view.show_scene(scene())
    assert (seen(view) != words).any()
    view.show_scene(None)
    assert (seen(view) == words).all()


DENSE = """
import sys
import numpy as np
from true_circles import seen
from view_scenes import free_of_overlay, scene
from polyplive.gui.app import make_application
from polyplive.gui.view.video_view import VideoView
from PyQt6.QtWidgets import QWidget

ratio = float(sys.argv[1])
application = make_application()
window = QWidget()
window.resize(900, 700)
view = VideoView("raster", window)
view.setGeometry(7, 5, 611, 457)  # with a ratio of 1.5 it begins between two pixels of the screen
window.show()
assert view.devicePixelRatioF() == ratio
for two in (False, True):
    shown = scene(480, 360, two=two)
    view.show_scene(shown)
    grabbed = seen(view)
    found = view.contents.arrangement(view)
    assert grabbed.shape[1] >= int(611 * ratio), grabbed.shape
    width, height = found.size
    scaled = shown.frame.bgra_at(width, height)[..., :3]
    target = shown.target(width, height, ratio)
    free = free_of_overlay(shown, target)
    picture = grabbed[found.cells[-1].slices]
    assert 0.2 < free.mean() < 1
    assert np.array_equal(picture[free], scaled[free])
    assert (picture[~free] != scaled[~free]).any()
    if two:
        assert np.array_equal(grabbed[found.cells[0].slices], scaled)
    rects = view.picture_rects()
    assert [round(rects[-1].left() * ratio, 6), round(rects[-1].width() * ratio, 6)] == [found.cells[-1].x, width]
print("done")
"""


@pytest.mark.parametrize("ratio", ["1.5", "2"])
def test_on_a_dense_screen_every_device_pixel_is_the_scaled_frames(ratio: str) -> None:
    tests = str(Path(__file__).resolve().parents[2])
    paths = os.pathsep.join([tests, *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": ratio, "PYTHONPATH": paths}
    assert "done" in run_python("-c", DENSE, ratio, env=environment, timeout=600).stdout


def test_every_part_of_the_overlay_is_drawn(view: VideoView) -> None:
    shown = scene(640, 480)
    (picture,) = cells(view, shown)
    height, width = picture.shape[:2]
    plain = shown.frame.bgra_at(width, height)[..., :3]
    target = shown.target(width, height, 1.0)
    drawn = elements(target, shown.prediction, EVERYTHING, HUD)
    assert len({type(one).__name__ for one in drawn}) == 6
    for one in drawn:
        rect = one.bounds.clipped(width, height)
        assert (picture[rect.slices] != plain[rect.slices]).any(), one
