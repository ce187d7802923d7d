"""Noisy linear imputation against a direct solution of the same system."""

from __future__ import annotations

import numpy as np
import pytest

from polyplive.explanation.curves import CurvePoint
from polyplive.explanation.imputation import NOISE, TOLERANCE, imputed, noisily_imputed
from polyplive.explanation.ordering import first_of, relevance_order
from polyplive.explanation.road import SHARES, mean_score, road

WEIGHTS = {(0, 1): 2, (1, 0): 2, (0, -1): 2, (-1, 0): 2, (1, 1): 1, (1, -1): 1, (-1, 1): 1, (-1, -1): 1}


def directly(values: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Each missing pixel as the mean of its neighbours by ``WEIGHTS``: one equation each, solved at once."""
    height, width = missing.shape
    number = {place: n for n, place in enumerate(zip(*np.nonzero(missing), strict=True))}
    left, right = np.zeros((len(number), len(number))), np.zeros((len(number), values.shape[2]))
    for (row, column), n in number.items():
        for (down, across), weight in WEIGHTS.items():
            place = row + down, column + across
            if not (0 <= place[0] < height and 0 <= place[1] < width):
                continue
            left[n, n] += weight
            if place in number:
                left[n, number[place]] -= weight
            else:
                right[n] += weight * values[place]
    found = values.astype(np.float64)
    found[missing] = np.linalg.solve(left, right)
    return found


def picture(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height).integers(0, 256, (height, width, 3)).astype(np.float32)


@pytest.mark.parametrize("size", [(32, 32), (24, 36), (17, 23)])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("kind", ["spot", "around a spot", "at random"])
def test_it_is_the_direct_solution(size: tuple[int, int], share: float, kind: str) -> None:
    down, right = np.mgrid[: size[0], : size[1]]
    spot = -np.hypot(down - 9, right - 12).astype(np.float32)
    maps = {"spot": spot, "around a spot": -spot, "at random": np.zeros(size, np.float32)}
    missing = first_of(relevance_order(maps[kind]), share, size)
    values = picture(*size)
    found = imputed(values, missing)
    assert np.abs(found - directly(values, missing)).max() < 2 * TOLERANCE
    assert np.array_equal(found[~missing], values[~missing])


def test_a_ramp_is_continued_and_one_pixel_alone_gives_its_value_to_all() -> None:
    ramp = np.repeat(np.arange(64, dtype=np.float32)[None, :, None], 64, axis=0)
    hole = np.zeros((64, 64), bool)
    hole[8:56, 8:56] = True
    assert np.abs(imputed(ramp, hole) - ramp).max() < 2 * TOLERANCE
    alone = np.ones((64, 64), bool)
    alone[3, 60] = False
    assert np.abs(imputed(picture(64, 64), alone) - picture(64, 64)[3, 60]).max() < 4 * TOLERANCE


def test_nothing_missing_changes_nothing_and_everything_missing_is_refused() -> None:
    values = picture(16, 16)
    assert np.array_equal(imputed(values, np.zeros((16, 16), bool)), values)
    with pytest.raises(ValueError, match="not missing"):
        imputed(values, np.ones((16, 16), bool))


def test_the_noise_is_as_large_as_it_says_and_on_missing_pixels_alone() -> None:
    grey = np.full((128, 128, 3), 100, np.uint8)
    missing = np.zeros((128, 128), bool)
    missing[:64] = True
    found = noisily_imputed(grey, missing, np.random.default_rng(0))
    assert found.dtype == np.uint8
    assert np.array_equal(found[64:], grey[64:])
    assert found[:64].std() == pytest.approx(255 * NOISE, rel=0.05)


def test_road_changes_the_shares_that_it_names_in_both_orders() -> None:
    rng = np.random.default_rng(2)
    bright = rng.integers(0, 256, (40, 40, 3), np.uint8)
    region = np.zeros((40, 40), bool)
    region[:20] = True

    def unchanged(pictures: np.ndarray) -> np.ndarray:
        return (pictures == bright).all(axis=3)[:, region].mean(axis=1).astype(np.float32)

    cam = region.astype(np.float32)
    first = road(bright, cam, unchanged, most_relevant_first=True)
    last = road(bright, cam, unchanged, most_relevant_first=False)
    assert [point.share for point in first] == list(SHARES)
    assert [point.score for point in first] == pytest.approx([max(1 - 2 * share, 0) for share in SHARES], abs=0.01)
    assert [point.score for point in last] == pytest.approx([min(2 - 2 * share, 1) for share in SHARES], abs=0.01)
    assert road(bright, cam, unchanged, most_relevant_first=True) == first
    assert mean_score([CurvePoint(0.1, 0.5), CurvePoint(0.9, 1.0)]) == 0.75
