"""The overlay at the size of a view: from the same description as a recording's, and nothing but it."""

from __future__ import annotations

import threading
from fractions import Fraction

import cv2
import numpy as np
import pytest
from view_scenes import EVERYTHING, HUD, finding

from polyplive.overlay import baked as baking
from polyplive.overlay.baked import baked
from polyplive.overlay.compositor import compose, covered, elements
from polyplive.overlay.regions import Label, Outline
from polyplive.overlay.target import Target
from polyplive.overlay.true_shape import true_size
from polyplive.pipeline.postprocess import Postprocessor
from polyplive.pixels.crop import Crop
from polyplive.types import Figures, Frame, Hud, OverlaySettings, Prediction, Roi, SessionState

SOURCE = 960, 720
VIEWS = [(480, 360), (701, 526), (960, 720), (1200, 900)]
MARKS, TEXT = {"Heatmap", "Tint", "Outline"}, {"Label", "Line", "Legend"}


def noise(width: int, height: int) -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (height, width, 3), np.uint8)


def laid_over(image: np.ndarray, target: Target, *drawn: object) -> np.ndarray:
    """``image`` with the patches over it, as a painter blends them."""
    below = image.astype(int)
    for patch in baked(target, *drawn):  # type: ignore[arg-type]
        height, width = patch.pixels.shape[:2]
        part = below[patch.y : patch.y + height, patch.x : patch.x + width]
        assert part.shape[:2] == (height, width), "a patch reaches out of the view"
        left = 255 - patch.pixels[..., 3:].astype(int)
        part[...] = patch.pixels[..., :3] + (part * left + 127) // 255
    return below


@pytest.mark.parametrize("size", VIEWS)
def test_the_same_elements_lie_at_the_same_places_at_every_size(size: tuple[int, int]) -> None:
    prediction = finding(*SOURCE)
    full = elements(Target(SOURCE, *SOURCE), prediction, EVERYTHING, HUD)
    small = elements(Target(SOURCE, *size), prediction, EVERYTHING, HUD)
    assert [type(one) for one in small] == [type(one) for one in full]
    assert {type(one).__name__ for one in full} == MARKS | TEXT
    share = size[0] / SOURCE[0]
    for one, other in zip(full, small, strict=True):
        a, b = one.bounds, other.bounds
        expected = np.array([a.x, a.y, a.x + a.width, a.y + a.height]) * share
        given = np.array([b.x, b.y, b.x + b.width, b.y + b.height])
        if type(one).__name__ in MARKS:
            assert given == pytest.approx(expected, abs=8 * max(1.0, share)), "lines are as wide as suits the size"
    for one, other in zip(full, small, strict=True):
        assert getattr(one, "number", None) == getattr(other, "number", None)
        assert getattr(one, "runs", None) == getattr(other, "runs", None)


@pytest.mark.parametrize("size", VIEWS)
def test_contours_and_heatmap_cover_the_same_area(size: tuple[int, int]) -> None:
    prediction = finding(*SOURCE)
    for settings in (OverlaySettings(heatmap=False, contour=False), OverlaySettings(mask=False, contour=False)):
        full, small = (
            covered(
                target, [one for one in elements(target, prediction, settings, None) if type(one).__name__ in MARKS]
            )
            for target in (Target(SOURCE, *SOURCE), Target(SOURCE, *size))
        )
        scaled = cv2.resize(full.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.5
        assert small.mean() > 0.02
        assert (scaled != small).sum() < 0.05 * small.sum()


@pytest.mark.parametrize("size", [(480, 360), (701, 526), (241, 181), (97, 61)])
@pytest.mark.parametrize("settings", [EVERYTHING, OverlaySettings(heatmap=False), OverlaySettings(visible=False)])
def test_what_is_laid_over_is_what_the_elements_draw_and_nothing_else(
    size: tuple[int, int], settings: OverlaySettings
) -> None:
    target = Target(SOURCE, *size)
    prediction, image = finding(*SOURCE), noise(*size)
    drawn = image.copy()
    described = elements(target, prediction, settings, HUD)
    for element in described:
        element.draw(drawn)
    blended = laid_over(image, target, prediction, settings, HUD)
    outside = ~covered(target, described)
    assert outside.any()
    assert (blended[outside] == image[outside]).all()
    difference = np.abs(blended - drawn)
    assert difference.max() <= 12, "each of several layers is rounded"
    assert (difference > 4).mean() < 0.01
    assert difference.mean() < 1


def test_at_the_frames_own_size_it_looks_like_a_recording() -> None:
    frame = Frame(noise(*SOURCE))
    blended = laid_over(frame.image, Target(SOURCE, *SOURCE), finding(*SOURCE), EVERYTHING, HUD)
    assert np.abs(blended - compose(frame, finding(*SOURCE), EVERYTHING, HUD)).max() <= 12


@pytest.mark.parametrize("aspect", [Fraction(64, 45), Fraction(10, 11), Fraction(1, 2)])
def test_a_view_shows_the_true_shape_and_marks_lie_on_what_they_mark(aspect: Fraction) -> None:
    source = 720, 576
    size = true_size(*source, aspect)
    target = Target(source, *size)
    prediction = finding(*source, (0.5, 0.5, 0.2))
    (tint,) = [one for one in elements(target, prediction, EVERYTHING, HUD) if type(one).__name__ == "Tint"]
    x, y, width, height = prediction.detections[0].bbox
    across, down = size[0] / source[0], size[1] / source[1]
    box = tint.bounds
    assert [box.x, box.y, box.width, box.height] == pytest.approx(
        [x * across, y * down, width * across, height * down], abs=3
    )


def test_on_a_dense_screen_everything_is_as_large_as_on_another() -> None:
    prediction = finding(*SOURCE)
    once = elements(Target(SOURCE, 800, 600), prediction, EVERYTHING, HUD)
    dense = elements(Target(SOURCE, 1600, 1200, density=2.0), prediction, EVERYTHING, HUD)
    assert [type(one) for one in dense] == [type(one) for one in once]
    for one, other in zip(once, dense, strict=True):
        if type(one).__name__ in TEXT:
            assert (other.bounds.width, other.bounds.height) == pytest.approx(
                (2 * one.bounds.width, 2 * one.bounds.height), rel=0.06
            )


def test_nothing_is_drawn_twice() -> None:
    prediction, target = finding(*SOURCE), Target(SOURCE, 800, 600)
    there: list[object] = []
    thread = threading.Thread(target=lambda: there.extend(baked(target, prediction, EVERYTHING)))
    thread.start()
    thread.join()
    marks = baking._baked_marks.cache_info().misses
    pads = baking._baked_pad.cache_info().misses
    patches = baked(target, prediction, EVERYTHING, HUD)
    assert baking._baked_marks.cache_info().misses == marks
    assert baking._baked_pad.cache_info().misses <= pads + 3, "notice, state and figures; labels and legend are there"
    kept = {id(patch.pixels) for patch in patches}
    assert {id(patch.pixels) for patch in there} <= kept  # type: ignore[attr-defined]
    later = baked(target, prediction, EVERYTHING, Hud(SessionState.READY, "", Figures(25.0, 3.3, 31.4, 2)))
    assert sum(id(patch.pixels) not in kept for patch in later) == 1, "only the figures are new"


def test_patches_are_tight() -> None:
    """Two far spots of a large view cost what they cover, not all between them."""
    settings = OverlaySettings(scores=False)
    prediction = finding(*SOURCE, (0.1, 0.1, 0.05), (0.9, 0.9, 0.05))
    patches = baked(Target(SOURCE, *SOURCE), prediction, settings)
    assert 0 < sum(patch.pixels[..., 0].size for patch in patches) < 0.08 * SOURCE[0] * SOURCE[1]


def test_findings_at_the_border_and_beyond_stay_inside() -> None:
    prediction = finding(*SOURCE, (0.0, 0.0, 0.2), (1.0, 1.0, 0.3))
    late = Prediction(
        0, Roi(700, 500, 500, 400), prediction.probability, prediction.cam, 800.0, 0.5,
        Postprocessor().run(prediction.probability, Roi(700, 500, 500, 400), 0.5), 0.0,
    )  # fmt: skip
    for each in (prediction, late):
        laid_over(noise(500, 375), Target(SOURCE, 500, 375), each, EVERYTHING, HUD)


CROPS = [Crop(96, 72, 480, 360), Crop(310.4, 222.7, 240, 180), Crop(480.25, 405.5, 479.75, 314.5)]


@pytest.mark.parametrize("crop", CROPS)
def test_of_a_part_of_the_frame_the_same_is_marked(crop: Crop) -> None:
    """What is covered at the size of a view, cut out of a target that shows the whole frame as large."""
    prediction = finding(*SOURCE, (0.4, 0.45, 0.12), (0.75, 0.7, 0.08))
    part = Target(SOURCE, 600, round(600 * crop.height / crop.width), crop=crop)
    share = part.width / crop.width
    whole = Target(SOURCE, round(SOURCE[0] * share), round(SOURCE[1] * share))
    left, top = round(crop.x * share), round(crop.y * share)
    for settings in (
        OverlaySettings(heatmap=False, contour=False, scores=False),
        OverlaySettings(mask=False, contour=False, scores=False),
    ):
        seen = covered(part, elements(part, prediction, settings, None))
        expected = covered(whole, elements(whole, prediction, settings, None))
        expected = expected[top : top + part.height, left : left + part.width]
        assert seen.mean() > 0.02
        assert (seen[: len(expected), : expected.shape[1]] != expected).mean() < 0.01


@pytest.mark.parametrize("crop", CROPS)
def test_of_a_part_nothing_else_is_changed(crop: Crop) -> None:
    target = Target(SOURCE, 480, 360, crop=crop)
    prediction, image = finding(*SOURCE), noise(480, 360)
    drawn = image.copy()
    described = elements(target, prediction, EVERYTHING, HUD)
    for element in described:
        element.draw(drawn)
    blended = laid_over(image, target, prediction, EVERYTHING, HUD)
    outside = ~covered(target, described)
    assert outside.any()
    assert (blended[outside] == image[outside]).all()
    assert (np.abs(blended - drawn) > 4).mean() < 0.01
    for one in described:
        if type(one).__name__ in TEXT:
            assert one.bounds.within(480, 360), "text lies within what is seen"


def test_only_polyps_that_are_seen_have_a_label_and_lines_stay_as_wide() -> None:
    prediction = finding(*SOURCE)
    whole = elements(Target(SOURCE, 480, 360), prediction, EVERYTHING, HUD)
    x, y, width, height = prediction.detections[0].bbox
    part = elements(Target(SOURCE, 480, 360, crop=Crop(x, y, width, height)), prediction, EVERYTHING, HUD)
    labels = [[one.number for one in drawn if isinstance(one, Label)] for drawn in (whole, part)]
    assert labels == [["Polyp 1", "Polyp 2"], ["Polyp 1"]]
    lines = [{one.thickness for one in drawn if isinstance(one, Outline)} for drawn in (whole, part)]
    assert lines[0] == lines[1]
    assert not Target((480, 360), 480, 360, crop=Crop(0, 0, 240, 180)).is_source
