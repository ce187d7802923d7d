"""Heat is shown where it belongs to a finding; hiding it elsewhere changes no value. Filled, and as lines."""

from __future__ import annotations

import dataclasses
from typing import get_args

import numpy as np
import pytest
from view_scenes import finding

from polyplive.config import CamTarget
from polyplive.overlay.baked import baked
from polyplive.overlay.colours import brightness_of, heat_colours
from polyplive.overlay.compositor import compose, covered, elements, footprint
from polyplive.overlay.heat_levels import heat_levels, levels_of
from polyplive.overlay.heat_lines import LINES, HeatLines
from polyplive.overlay.heatmap import Heatmap, heatmap
from polyplive.overlay.legend import SHOWN, Legend, heat_told
from polyplive.overlay.target import Target
from polyplive.pixels.crop import Crop
from polyplive.types import HeatStyle, Hud, OverlaySettings, Prediction

SIZE = 960, 720
HEAT = OverlaySettings(contour=False, mask=False, scores=False)
EVERYWHERE = dataclasses.replace(HEAT, heat_everywhere=True)
LINED = dataclasses.replace(HEAT, heat_style="lines")
STYLES: tuple[HeatStyle, ...] = ("filled", "lines")


def with_corners() -> Prediction:
    """Two findings with heat, and hot spots in three corners of the field of view, where there is none."""
    found = finding(*SIZE)
    cam = found.cam.copy()
    for row, column in ((0, 21), (21, 0), (21, 12)):
        cam[row, column] = 900
    return dataclasses.replace(found, cam=cam)


def near(prediction: Prediction, track: int, share: float) -> np.ndarray:
    """bool [H, W]: the box of one finding and ``share`` of its sides around it."""
    x, y, width, height = next(one.bbox for one in prediction.detections if one.track == track)
    where = np.zeros(SIZE[::-1], bool)
    across, down = round(share * width), round(share * height)
    where[max(y - down, 0) : y + height + down, max(x - across, 0) : x + width + across] = True
    return where


@pytest.mark.parametrize("style", STYLES)
def test_heat_without_a_finding_beside_it_is_hidden_and_can_be_asked_for(style: HeatStyle) -> None:
    prediction = with_corners()
    gated, all_of_it = (
        footprint((720, 960, 3), prediction, dataclasses.replace(one, heat_style=style)) for one in (HEAT, EVERYWHERE)
    )
    beside = ~(near(prediction, 1, 0.6) | near(prediction, 2, 0.6))
    assert not (gated & beside).any()
    assert (all_of_it & beside).any()
    assert (gated & near(prediction, 1, 0)).any()
    assert (gated & near(prediction, 2, 0)).any()


@pytest.mark.parametrize("style", STYLES)
def test_a_frame_without_a_finding_shows_no_heat(style: HeatStyle) -> None:
    bare = dataclasses.replace(with_corners(), detections=())
    image = np.random.default_rng(3).integers(0, 256, (720, 960, 3), np.uint8)
    assert (compose(image, bare, dataclasses.replace(HEAT, heat_style=style)) == image).all()
    assert (compose(image, bare, dataclasses.replace(EVERYWHERE, heat_style=style)) != image).any()


@pytest.mark.parametrize(
    "target", [Target(SIZE, *SIZE), Target(SIZE, 701, 526), Target(SIZE, 640, 480, crop=Crop(200, 150, 480, 360))]
)
def test_hiding_changes_no_value_and_in_the_contour_hides_nothing(target: Target) -> None:
    prediction = with_corners()
    gated, whole = (heat_levels(prediction, target, one) for one in (HEAT, EVERYWHERE))
    assert gated.gate is not None
    assert whole.gate is None
    at = np.zeros((target.height, target.width), int)
    at[whole.rect.slices] = whole.levels
    shown = gated.gate > 0
    difference = np.abs(at[gated.rect.slices] - gated.levels.astype(int))[shown]
    assert difference.max() <= 2, "the two are stretched from different corners"
    inside = np.zeros((target.height, target.width), np.uint8)
    for element in elements(target, prediction, OverlaySettings(heatmap=False, contour=False, scores=False), None):
        element.cover(inside)
    inside = inside[gated.rect.slices] > 0
    assert inside.any()
    assert (gated.gate[inside] >= 250).all()


def test_a_margin_grows_with_its_finding_and_fades() -> None:
    """Heat that is strong everywhere shows how far each margin reaches."""
    reaches = []
    for radius in (0.08, 0.16, 0.24):
        found = finding(1000, 1000, (0.5, 0.5, radius))
        found = dataclasses.replace(found, cam=np.full((22, 22), 800, np.float32))
        heat = heat_levels(found, Target((1000, 1000), 1000, 1000), HEAT)
        gate = heat.gate[heat.rect.height // 2].astype(int)
        rises = np.diff(gate[: gate.argmax()])
        assert (rises >= 0).all()
        assert rises.max() < 60, "no hard edge"
        reaches.append(heat.rect.width / 2 - radius * found.roi.width)
    assert reaches[1] == pytest.approx(2 * reaches[0], rel=0.2)
    assert reaches[2] == pytest.approx(3 * reaches[0], rel=0.2)


def test_a_level_has_the_same_colour_in_the_middle_and_at_the_margin() -> None:
    """On black, what is drawn is the level's colour times how opaque it is; its hue must not change with the gate."""
    found = dataclasses.replace(finding(*SIZE, (0.5, 0.5, 0.2)), cam=np.full((22, 22), 400, np.float32))
    drawn = compose(np.zeros((720, 960, 3), np.uint8), found, dataclasses.replace(HEAT, opacity=1.0)).astype(float)
    strong = drawn[drawn.sum(axis=2) > 0.97 * drawn.sum(axis=2).max()].mean(axis=0)
    faint = drawn[(drawn.sum(axis=2) > 60) & (drawn.sum(axis=2) < 0.7 * strong.sum())]
    assert len(faint) > 100
    assert np.allclose(faint / faint.sum(axis=1, keepdims=True), strong / strong.sum(), atol=0.03)


@pytest.mark.parametrize("style", STYLES)
def test_the_heat_of_one_finding_alone(style: HeatStyle) -> None:
    prediction = with_corners()
    for track, other in ((1, 2), (2, 1)):
        for everywhere in (False, True):
            only = dataclasses.replace(HEAT, heat_style=style, heat_of=track, heat_everywhere=everywhere)
            where = footprint((720, 960, 3), prediction, only)
            assert (where & near(prediction, track, 0)).any()
            assert not (where & near(prediction, other, 0)).any()
    assert not footprint((720, 960, 3), prediction, dataclasses.replace(HEAT, heat_style=style, heat_of=7)).any()


def test_lines_lie_where_the_map_has_their_level() -> None:
    """A smooth hill: the lines' radii are those at which it has the three levels."""
    rows, columns = (np.mgrid[0:22, 0:22] + 0.5) / 22
    hill = np.clip(1 - 2.2 * np.hypot(rows - 0.5, columns - 0.5), 0, 1).astype(np.float32)
    found = finding(1000, 1000, (0.5, 0.5, 0.3))
    found = dataclasses.replace(found, cam=hill * 800)
    drawn = heatmap(found, Target((1000, 1000), 1000, 1000), dataclasses.replace(LINED, heat_everywhere=True))
    assert isinstance(drawn, HeatLines)
    assert sorted(level for level, _ in drawn.lines) == list(LINES)
    for level, line in drawn.lines:
        middle = np.array([found.roi.x + found.roi.width / 2, found.roi.y + found.roi.height / 2])
        shares = (line - middle) / (found.roi.width, found.roi.height)
        assert np.hypot(*shares.T) == pytest.approx((1 - level / 255) / 2.2, abs=0.012)
        assert (line[0] == line[-1]).all(), "it is closed"


def test_lines_leave_most_of_the_mucosa_as_it_is_and_what_they_change_is_covered() -> None:
    prediction = with_corners()
    image = np.random.default_rng(5).integers(0, 256, (720, 960, 3), np.uint8)
    changed = (compose(image, prediction, LINED) != image).any(axis=2)
    assert changed.any()
    assert not (changed & ~footprint((720, 960, 3), prediction, LINED)).any()
    assert changed.sum() < 0.35 * (compose(image, prediction, HEAT) != image).any(axis=2).sum()


def test_lines_are_open_where_their_heat_is_hidden_and_no_line_follows_the_edge_of_the_map() -> None:
    found = dataclasses.replace(finding(*SIZE, (0.5, 0.5, 0.2)), cam=np.full((22, 22), 800, np.float32))
    target = Target(SIZE, *SIZE)
    assert heatmap(found, target, LINED) is None, "heat that is the same everywhere has no lines"
    assert heatmap(found, target, dataclasses.replace(LINED, heat_everywhere=True)) is None


@pytest.mark.parametrize("size", [(960, 720), (701, 526), (241, 181)])
@pytest.mark.parametrize("settings", [HEAT, LINED, EVERYWHERE])
def test_what_a_view_lays_over_is_what_a_recording_draws(size: tuple[int, int], settings: OverlaySettings) -> None:
    target, prediction = Target(SIZE, *size), with_corners()
    image = np.random.default_rng(7).integers(0, 256, (size[1], size[0], 3), np.uint8)
    drawn, below = image.copy(), image.astype(int)
    described = elements(target, prediction, settings, None)
    assert {type(one) for one in described} == {HeatLines if settings is LINED else Heatmap}
    for element in described:
        element.draw(drawn)
    for patch in baked(target, prediction, settings):
        height, width = patch.pixels.shape[:2]
        part = below[patch.y : patch.y + height, patch.x : patch.x + width]
        part[...] = patch.pixels[..., :3] + (part * (255 - patch.pixels[..., 3:].astype(int)) + 127) // 255
    outside = ~covered(target, described)
    assert (below[outside] == image[outside]).all()
    assert np.abs(below - drawn).max() <= 12
    assert np.abs(below - drawn).mean() < 0.5


def test_what_a_session_steadied_is_drawn_unless_that_is_off() -> None:
    raw = finding(*SIZE)
    steadied = dataclasses.replace(raw, steady_heat=np.full((22, 22), 0.5, np.float32))
    target = Target(SIZE, *SIZE)
    assert set(np.unique(heat_levels(steadied, target, HEAT).levels)) == {128}
    unsteady = dataclasses.replace(HEAT, heat_smoothing=False)
    assert (heat_levels(steadied, target, unsteady).levels == heat_levels(raw, target, HEAT).levels).all()
    assert (levels_of(raw.cam / 800) <= 255).all()


def legend_on(width: int, height: int, hud: Hud | None = None, **changes: object) -> Legend | None:
    settings = dataclasses.replace(OverlaySettings(legend=True), **changes)
    found = elements(Target((width, height), width, height), None, settings, hud)
    return next((one for one in found if isinstance(one, Legend)), None)


def test_the_legend_says_in_words_what_is_shown_and_less_where_there_is_little_room() -> None:
    hud = Hud(method="multi-level map, encoder.bottleneck, decoder.1")
    wide, narrow = legend_on(1920, 1080, hud), legend_on(320, 240, hud)
    assert (wide.name, wide.said) == (
        "Heat:",
        "what raises the polyp's score (multi-level map, encoder.bottleneck, decoder.1)",
    )
    middling = legend_on(800, 600, hud)
    assert middling.said == "what raises the polyp's score (multi-level map)", "layers first give way"
    assert (narrow.name, narrow.said) == ("Heat", "")
    assert legend_on(1280, 960).said == "what raises the polyp's score", "without a session no method is known"
    for width in (200, 320, 480, 640, 960, 1280, 1920):
        found = legend_on(width, width * 3 // 4, hud)
        assert found is None or not found.said or found.rect.width <= 0.75 * width
    assert legend_on(40, 30, hud) is None
    assert legend_on(1280, 960, hud, heatmap=False) is None


def test_the_legend_says_of_which_finding_heat_is_and_that_all_of_it_is_shown() -> None:
    assert legend_on(1280, 960, heat_of=3).name == "Heat of polyp 3 alone:"
    assert legend_on(1280, 960, Hud(names=((3, "Finding 12"),)), heat_of=3).name.startswith("Heat of Finding 12 ")
    assert legend_on(1280, 960, heat_everywhere=True).name == "All heat:"
    assert legend_on(1280, 960, Hud(cam_target="nearly")).said == "what nearly fired"
    assert set(SHOWN) == set(get_args(CamTarget))
    assert [target for target in SHOWN if "no findings" in heat_told("", target)] == ["nearly"]


def test_the_legends_bar_goes_from_the_weakest_colour_to_the_strongest_or_shows_the_lines() -> None:
    colours = heat_colours()[:, 0].astype(int)
    for style in STYLES:
        legend = legend_on(1280, 960, heat_style=style)
        image = np.zeros((960, 1280, 3), np.uint8)
        legend.draw(image)
        row = image[legend.rect.y + legend.rect.height // 2].astype(int)
        shown = {level for level in (5, *LINES, 250) if (np.abs(row - colours[level]).max(axis=1) <= 3).any()}
        assert shown == ({5, *LINES, 250} if style == "filled" else set(LINES))


@pytest.mark.parametrize("level", LINES)
def test_a_line_or_its_rim_is_seen_on_mucosa_of_any_brightness(level: int) -> None:
    line = np.array([[10, 20], [90, 20]], np.int32)
    drawn = HeatLines(((level, line),), 2)
    for brightness in range(20, 236, 5):
        mucosa = np.clip(np.array((0.55, 0.85, 1.6)) * brightness / brightness_of((0.55, 0.85, 1.6)), 0, 255)
        image = np.full((40, 100, 3), mucosa, np.uint8)
        below = brightness_of(tuple(image[0, 0]))
        drawn.draw(image)
        assert max(abs(brightness_of(tuple(pixel)) - below) for pixel in image[:, 50]) > 27
