"""The rendered procedure: its script, one identity for each polyp, and a truth that is what is seen."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest

from polyplive.errors import ConfigError
from polyplive.sources.colon.screenplay import write_script
from polyplive.sources.colon.spoiling import ORDER, Moment, spoil
from polyplive.sources.procedure import RenderedProcedure, SeenPolyp

FPS = 2.0


def _procedure(seconds: float, polyps: int) -> RenderedProcedure:
    return RenderedProcedure(seconds, polyps, seed=7, width=160, height=128, fps=FPS)


def _at(procedure: RenderedProcedure, seconds: float) -> dict[int, SeenPolyp]:
    return {polyp.polyp: polyp for polyp in procedure.render(round(seconds * FPS))[1].polyps}


@pytest.mark.parametrize(("seconds", "polyps"), [(29, 1), (45, 3), (100, 4), (600, 12), (3600, 20)])
def test_a_script_fills_its_time_and_shows_every_polyp(seconds: float, polyps: int) -> None:
    script = write_script(seconds, polyps, 3)
    assert script.stretches[0].start_s == 0
    assert script.stretches[-1].end_s == pytest.approx(seconds)
    assert all(before.end_s == after.start_s for before, after in pairwise(script.stretches))
    assert script.stretches[0].leg is None
    assert script.stretches[-1].leg is None
    assert sorted(polyp for leg in script.legs for polyp in leg.polyps) == list(range(1, polyps + 1))
    assert all(leg.seed >= 1000 for leg in script.legs)  # training may use those below
    for stretch in script.stretches:
        if stretch.leg is not None:
            assert min(stretch.begins, stretch.ends) >= 0
            assert max(stretch.begins, stretch.ends) <= script.legs[stretch.leg].seconds
    inside = [stretch for stretch in script.stretches if stretch.leg is not None]
    assert {np.sign(stretch.ends - stretch.begins) for stretch in inside} == {-1, 0, 1}


def test_a_turn_is_rounded_and_a_cut_is_not() -> None:
    script = write_script(100, 4, 3)
    places = [script.where(seconds) for seconds in np.arange(0, 100, 0.04)]
    for (leg, place), (other, following) in pairwise(places):
        if leg == other:
            assert abs(following - place) <= 0.04


@pytest.mark.parametrize(
    "wrong",
    [{"polyps": 0}, {"polyps": 61}, {"seconds": 20}, {"seconds": 1e9}, {"seed": -1}, {"fps": 0}, {"width": 0}],
)
def test_wrong_arguments_are_one_clear_error(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError) as caught:
        RenderedProcedure(**{"seconds": 60, "polyps": 2, **wrong})
    assert caught.value.hint


def test_the_same_arguments_give_the_same_frames_in_any_order() -> None:
    one, other = _procedure(29, 1), _procedure(29, 1)
    chosen = [10, 25, 30, 11]
    in_turn = {index: one.render(index) for index in sorted(chosen)}
    for index in chosen:
        image, truth = other.render(index)
        assert np.array_equal(image, in_turn[index][0])
        assert [polyp.area_px for polyp in truth.polyps] == [polyp.area_px for polyp in in_turn[index][1].polyps]
    one.seek(25 / FPS + 0.01)
    frame = one.read()
    assert frame is not None
    assert frame.index == 25
    assert np.array_equal(frame.image, in_turn[25][0])
    one.close()
    assert one.read() is None


def test_a_polyp_that_comes_back_has_its_number() -> None:
    procedure = _procedure(43, 3)
    script = procedure.script
    away = next(s for s in script.stretches if s.leg == 0 and s.begins == s.ends)
    again = next(s for s in script.stretches if s.start_s > away.end_s and s.begins == s.ends)
    times = (away.start_s - 4, away.end_s - 0.5, again.end_s - 0.5)
    assert [1 in _at(procedure, seconds) for seconds in times] == [True, False, True]
    assert procedure.kinds.keys() == {1, 2, 3}


def test_two_polyps_are_in_view_together() -> None:
    procedure = _procedure(43, 3)
    held = [s for s in procedure.script.stretches if s.leg == 0 and s.begins == s.ends]
    seen = _at(procedure, held[-1].end_s - 0.3)
    assert {number for number, polyp in seen.items() if polyp.area_px > 100} == {2, 3}


def test_a_mask_is_where_the_polyp_is_seen_also_when_it_is_covered() -> None:
    """Its polyp in another colour: the pixels that change are the mask, with and without stool on it."""
    procedure, painted = _procedure(100, 4), _procedure(100, 4)
    number, leg = next((n, leg) for n, leg in enumerate(procedure.script.legs) if 4 in leg.polyps)
    colon = painted._colon(number)
    green = np.array([0.05, 3.5, 0.05], np.float32)
    colon.polyps = tuple(replace(p, tint=green) if n == leg.polyps.index(4) else p for n, p in enumerate(colon.polyps))
    stool = next(d for d in procedure.script.disturbances if d.polyp == 4)
    shares = []
    for index in range(round((stool.start_s - 0.6) * FPS), round((stool.end_s + 0.6) * FPS) + 1):
        image, truth = procedure.render(index)
        (polyp,) = truth.polyps
        shares.append(polyp.visibility)
        differs = np.abs(image.astype(int) - painted.render(index)[0]).max(axis=2) > 6
        near = cv2.dilate(polyp.mask.astype(np.uint8), np.ones((5, 5))) > 0
        assert not (differs & ~near).any()
        assert (differs & polyp.mask).sum() >= 0.95 * polyp.mask.sum()
        assert polyp.area_px == polyp.mask.sum()
        x, y, width, height = polyp.bbox
        assert polyp.mask[y : y + height, x : x + width].sum() == polyp.area_px
    assert shares[0] == shares[-1] == 1
    assert min(shares) < 0.1


def test_what_spoils_a_frame_is_said() -> None:
    procedure = _procedure(29, 1)
    image, truth = procedure.render(0)
    assert truth.conditions == ("outside the body",)
    assert image.max() < 20  # the lamp is off
    start = procedure.script.stretches[1].start_s
    image, truth = procedure.render(round((start + 0.4) * FPS))
    assert truth.conditions == ("red-out",)
    assert image[64, 80, 2] > 2 * image[64, 80, 1]


@pytest.mark.parametrize("condition", ORDER)
def test_each_disturbance_changes_the_picture_and_only_some_cover(condition: str) -> None:
    columns, rows = np.meshgrid(np.arange(160), np.arange(128))
    image = np.stack([60 + columns // 4, 80 + rows // 3, 150 + 40 * ((columns // 8 + rows // 8) % 2)], 2).astype(
        np.uint8
    )
    moment = Moment(1.0, 1.0, 0.5, (80.0, 64.0, 20.0), (1, 2))
    spoilt, covered = spoil(image, condition, moment)  # type: ignore[arg-type]
    assert spoilt.shape == image.shape
    assert spoilt.dtype == np.uint8
    changed = np.abs(spoilt.astype(int) - image).max(axis=2)
    assert (changed > 8).mean() > 0.02
    assert (covered is not None) == (condition in ("stool", "instrument", "red-out"))
    if covered is not None:
        assert covered[64, 80]
        assert changed[covered].mean() > 20
    faint, hidden = spoil(image, condition, replace(moment, strength=0.01))  # type: ignore[arg-type]
    assert np.abs(faint.astype(int) - image).mean() < changed.mean()
    assert hidden is None or hidden.mean() < 0.02
