"""A picture that is zoomed: the crop of the source bit for bit, the overlay for that crop, a sign that says so."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import numpy as np
import pytest
from PyQt6.QtCore import QPointF
from true_circles import check_round, disc, seen
from view_scenes import free_of_overlay, scene

from polyplive.gui.view.scene import Scene
from polyplive.gui.view.signs import zoom_sign
from polyplive.gui.view.video_view import VideoView
from polyplive.types import Frame, OverlaySettings


@pytest.fixture
def view(qapp, qtbot) -> VideoView:
    made = VideoView("raster")
    qtbot.addWidget(made)
    made.resize(700, 500)
    return made


def check(view: VideoView, shown: Scene) -> float:
    """Outside of overlay and sign there is the crop; returns how much that is."""
    view.show_scene(shown)
    grabbed, found = seen(view), view.contents.arrangement(view)
    crop = view.contents.crop_of(shown.frame)
    assert crop is not None
    scaled = shown.frame.bgra_at(*found.size, crop=crop)[..., :3]
    target = shown.target(*found.size, found.ratio, crop)
    free = free_of_overlay(shown, target)
    last = found.cells[-1]
    (sign,) = zoom_sign(shown, target, found)
    height, width = sign.pixels.shape[:2]
    assert (grabbed[last.slices] != scaled)[sign.y - last.y :][:height, sign.x - last.x :][:, :width].any()
    free[sign.y - last.y :][:height, sign.x - last.x :][:, :width] = False
    assert np.array_equal(grabbed[last.slices][free], scaled[free])
    for cell in found.cells[:-1]:
        assert np.array_equal(grabbed[cell.slices], scaled), "both pictures show the same part"
    return float(free.mean())


@pytest.mark.parametrize("two", [False, True])
@pytest.mark.parametrize("aspect", [Fraction(1), Fraction(64, 45)])
@pytest.mark.parametrize("size", [(320, 240), (961, 541), (35, 27)])
def test_outside_the_overlay_every_pixel_is_the_crops(
    view: VideoView, size: tuple[int, int], aspect: Fraction, two: bool
) -> None:
    shown = scene(*size, aspect, two=two)
    for steps, at in ((2, (180, 120)), (1, (600, 50)), (4, (0, 0))):
        view.show_scene(shown)
        view.zoom_by(steps, QPointF(*at))
        assert check(view, shown) > 0.1
    view.pan(0.1, -0.2)
    check(view, shown)
    view.resize(433, 351)
    check(view, shown)
    view.reset_zoom()
    assert view.contents.crop_of(shown.frame) is None


def test_it_is_told_at_which_size_and_of_which_part_overlays_are_drawn(view: VideoView) -> None:
    told, factors = [], []
    view.contents.on_target = told.append
    view.zoomed.connect(factors.append)
    view.show_scene(scene())
    view.grab()
    for change in (lambda: view.zoom_by(4), lambda: view.pan(0.1, 0), view.reset_zoom, view.reset_zoom):
        change()
        view.grab()
    assert [None if target.crop is None else target.crop.x for target in told] == [None, 80, pytest.approx(96), None]
    assert factors == pytest.approx([2, 1])


def test_a_circle_stays_a_circle(view: VideoView) -> None:
    aspect = Fraction(64, 45)
    view.show_scene(Scene(Frame(disc(360, 288, aspect), sample_aspect=aspect), settings=OverlaySettings(visible=False)))
    view.zoom_by(1)
    check_round(seen(view), 200)


def test_the_sign_counts_what_is_not_seen(view: VideoView) -> None:
    shown = scene()
    view.show_scene(shown)
    found = view.contents.arrangement(view)

    def sign(scene: Scene) -> int:
        target = scene.target(*found.size, 1.0, view.contents.crop_of(scene.frame))
        return zoom_sign(scene, target, found)[0].pixels.shape[1]

    view.zoom_by(1)
    alone = sign(shown)
    view.zoom_by(7, QPointF(220, 200))  # the larger of two findings
    assert sign(shown) > 2 * alone
    assert sign(dataclasses.replace(shown, prediction=None)) == alone
    assert sign(dataclasses.replace(shown, settings=OverlaySettings(visible=False))) == alone


@pytest.mark.parametrize("two", [False, True])
@pytest.mark.parametrize("steps", [0, 4])
def test_the_loupe_shows_the_frame_three_times_larger_and_what_marks_polyps(
    view: VideoView, steps: int, two: bool
) -> None:
    shown = dataclasses.replace(scene(two=two), settings=OverlaySettings(heatmap=False, mask=False, scores=False))
    view.show_scene(shown)
    view.zoom_by(steps)
    plain = seen(view)
    found = view.contents.arrangement(view)
    for cell in found.cells:
        x, y = cell.x + cell.width * 0.3, cell.y + cell.height * 0.4
        view.set_loupe(True)
        view.pointer.moved.emit(QPointF(x, y))
        loupe = view.contents.loupe_of(shown, found)
        grabbed = seen(view)
        inside = grabbed[loupe.rect.slices]
        expected = shown.frame.bgra_at(loupe.rect.width, loupe.rect.height, crop=loupe.crop)[..., :3]
        same = (inside == expected).all(2)
        assert same.mean() > 0.7
        assert same.all() == (cell is not found.cells[-1]), "the source has no overlay"
        seen_of_it = view.contents.crop_of(shown.frame)
        width = 320 if seen_of_it is None else seen_of_it.width
        assert loupe.crop.width / loupe.rect.width == pytest.approx(width / cell.width / 3)
        grabbed[loupe.rect.y - 2 :][: loupe.rect.height + 4, loupe.rect.x - 2 :][:, : loupe.rect.width + 4] = 0
        outside = grabbed.any(2)
        assert np.array_equal(grabbed[outside], plain[outside])
        view.pointer.left.emit()
        assert np.array_equal(seen(view), plain)
    view.pointer.moved.emit(QPointF(x, y))
    view.set_loupe(False)
    assert np.array_equal(seen(view), plain)


def test_a_picture_that_is_not_zoomed_is_scaled_as_ever(view: VideoView) -> None:
    """The way without a crop: no other call, and no other pixel, than before there was a zoom."""
    calls = []

    class Noted(Frame):
        def bgra_at(self, *given):
            calls.append(given)
            return super().bgra_at(*given)

    shown = dataclasses.replace(scene(), frame=Noted(np.zeros((240, 320, 3), np.uint8)))
    view.show_scene(shown)
    view.grab()
    assert [given[3] for given in calls] == [None]
