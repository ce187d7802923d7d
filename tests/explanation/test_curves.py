"""Deletion and insertion, with scores whose curves can be calculated."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from colour_engine import ColourEngine, red_disc

from polyplive.explanation.curves import STEPS, CurvePoint, area, blurred, deletion, insertion
from polyplive.explanation.displayed import displayed
from polyplive.explanation.ordering import first_of, relevance_order
from polyplive.explanation.scoring import RegionScore
from polyplive.overlay.heat_levels import levels_of

SIDE = 32
QUARTER = np.zeros((SIDE, SIDE), bool)
QUARTER[: SIDE // 2, : SIDE // 2] = True


def noise(side: int = SIDE) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (side, side, 3), np.uint8)


class KnownPixels:
    """A score that depends on known pixels: the share of the ``region`` that is as in ``picture``."""

    def __init__(self, picture: np.ndarray, region: np.ndarray) -> None:
        self._picture, self._region = picture, region
        self.batches: list[int] = []

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        self.batches.append(len(pictures))
        same = (pictures == self._picture).all(axis=3)
        return same[:, self._region].mean(axis=1).astype(np.float32)


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """No pixel of it is as in its blur."""
    found = noise()
    found[(found == blurred(found)).all(axis=2)] ^= 1
    assert not (found == blurred(found)).all(axis=2).any()
    return found


def test_the_areas_of_a_map_that_is_the_region_are_known(picture: np.ndarray) -> None:
    cam = QUARTER.astype(np.float32)
    score = KnownPixels(picture, QUARTER)
    down, up = list(deletion(picture, cam, score)), list(insertion(picture, cam, score))
    assert [point.share for point in down] == [step / STEPS for step in range(STEPS + 1)]
    assert area(down) == pytest.approx(0.125)  # it falls from 1 to 0 over the first quarter
    assert area(up) == pytest.approx(0.875)
    assert [point.score for point in up] == pytest.approx([min(4 * point.share, 1) for point in up])


def test_a_map_that_points_elsewhere_has_the_opposite_areas(picture: np.ndarray) -> None:
    cam = (~QUARTER).astype(np.float32)
    score = KnownPixels(picture, QUARTER)
    assert area(deletion(picture, cam, score)) == pytest.approx(0.875)
    assert area(insertion(picture, cam, score)) == pytest.approx(0.125)


@pytest.mark.parametrize("cam", [np.zeros((4, 4), np.float32), np.full((4, 4), 7, np.float32)])
def test_a_map_without_an_order_is_one_at_random(picture: np.ndarray, cam: np.ndarray) -> None:
    score = KnownPixels(picture, QUARTER)
    found = [area(deletion(picture, cam, score, seed=seed)) for seed in (0, 0, 1)]
    assert found[0] == found[1] != found[2]
    assert found == pytest.approx([0.5] * 3, abs=0.05)


def test_the_points_come_as_they_are_measured(picture: np.ndarray) -> None:
    score = KnownPixels(picture, QUARTER)
    points = deletion(picture, QUARTER.astype(np.float32), score, steps=9)
    assert next(points) == CurvePoint(0.0, 1.0)
    assert sum(score.batches) == 4  # not all ten
    assert len(list(points)) == 9


def test_the_order_is_that_of_the_values_and_ties_are_drawn() -> None:
    shown = np.array([[0, 3, 0], [1, 0, 2]], np.float32)
    order = relevance_order(shown)
    assert order[:3].tolist() == [1, 5, 3]
    assert sorted(order[3:].tolist()) == [0, 2, 4]
    assert len({tuple(relevance_order(shown, seed)[3:].tolist()) for seed in range(99)}) == 6
    assert first_of(order, 0.5, (2, 3)).tolist() == [[False, True, False], [True, False, True]]


def test_a_wide_blur_is_within_a_level_of_the_gaussian() -> None:
    coarse = cv2.resize(noise(24), (352, 320), interpolation=cv2.INTER_CUBIC)
    whole = cv2.GaussianBlur(coarse.astype(np.float32), (0, 0), 32, borderType=cv2.BORDER_REFLECT)
    assert np.abs(blurred(coarse) - whole).max() <= 1.0


def test_a_map_is_compared_as_it_is_displayed() -> None:
    cam = np.random.default_rng(0).random((5, 7), np.float32)
    levels = levels_of(cam)
    shown = displayed(cam, *levels.shape)
    assert np.array_equal(np.rint(shown * 255), levels)
    assert np.array_equal(displayed(shown, *shown.shape), shown)
    assert displayed(np.array([[np.nan, np.inf, -1.0]], np.float32), 1, 3).tolist() == [[0, 0, 0]]


def test_no_ring_around_a_strong_place_falls_below_what_lies_farther_away() -> None:
    """A polyp whose rim is changed last is never lost: deletion would stay high whatever the map says."""
    cam = np.full((11, 11), 0.01, np.float32)
    cam[5, 5] = 1000
    shown = displayed(cam, 88, 88)
    assert shown.min() == pytest.approx(0.01)
    assert shown.max() <= 1000
    outwards = shown[44, 44:]
    assert (np.diff(outwards) <= 0).all()


def test_the_engines_score_is_the_mean_probability_of_the_region() -> None:
    engine = ColourEngine()
    height, width = engine.spec.height, engine.spec.width
    scene = red_disc(width, height, (width // 2, height // 2), height // 4)[..., ::-1]
    probability = engine.infer(np.ascontiguousarray(scene)[None]).probability
    region = probability >= 0.5
    score = RegionScore(engine, region)
    pictures = np.stack([scene, blurred(np.ascontiguousarray(scene)), *[scene] * 7])
    found = score(pictures)
    assert found.dtype == np.float32
    assert found[0] == pytest.approx(probability[region].mean())
    assert found[2:].tolist() == [found[0]] * 7
    assert found[1] < found[0]


@pytest.mark.parametrize("region", [np.zeros((4, 4), bool), None])
def test_a_region_has_the_models_size_and_a_pixel(region: np.ndarray | None) -> None:
    engine = ColourEngine()
    if region is None:
        region = np.zeros((engine.spec.height, engine.spec.width), bool)
    with pytest.raises(ValueError, match="expected a region"):
        RegionScore(engine, region)
