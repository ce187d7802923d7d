"""Energy, pointing, correlation and controls, on maps whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from polyplive.explanation.controls import CENTRE, CONTROLS, MASK, PROBABILITY, centre, controls
from polyplive.explanation.correlation import pearson, spearman
from polyplive.explanation.energy import energy, rank_accuracy, surroundings
from polyplive.explanation.pointing import hits

SIDE = 64
DOWN, RIGHT = np.mgrid[:SIDE, :SIDE]
DISC = np.hypot(DOWN - 30, RIGHT - 34) <= 12


def test_a_map_that_is_the_truth_has_all_its_energy_inside() -> None:
    shown = DISC.astype(np.float32)
    found = energy(shown, DISC)
    assert found is not None
    assert (found.inside, found.around, found.elsewhere) == (1.0, 0.0, 0.0)
    assert rank_accuracy(shown, DISC) == 1.0
    assert hits(shown, DISC)


def test_an_even_map_has_the_shares_of_the_picture() -> None:
    found = energy(np.full((SIDE, SIDE), 3, np.float32), DISC)
    assert found is not None
    assert found.inside == pytest.approx(DISC.mean())
    assert found.around == pytest.approx(surroundings(DISC).mean())
    assert found.inside + found.around + found.elsewhere == pytest.approx(1)


def test_the_surroundings_are_a_ring_of_half_the_radius() -> None:
    ring = surroundings(DISC)
    assert not (ring & DISC).any()
    distance = np.hypot(DOWN - 30, RIGHT - 34)
    assert distance[ring].max() == pytest.approx(12 * 1.5, abs=1)
    assert ring[(distance > 13) & (distance < 17)].all()
    found = energy(ring.astype(np.float32), DISC)
    assert found is not None
    assert found.around == 1.0
    assert not surroundings(np.zeros_like(DISC)).any()


def test_a_map_at_random_ranks_as_many_pixels_inside_as_the_polyp_is_large() -> None:
    shown = np.random.default_rng(0).random((SIDE, SIDE), np.float32)
    assert rank_accuracy(shown, DISC) == pytest.approx(DISC.mean(), abs=0.05)
    assert rank_accuracy(np.zeros_like(shown), DISC) == pytest.approx(DISC.mean(), abs=0.05)


def test_an_empty_map_has_no_energy_and_an_empty_truth_no_rank() -> None:
    assert energy(np.zeros((4, 4), np.float32), np.ones((4, 4), bool)) is None
    with pytest.raises(ValueError, match="truth"):
        rank_accuracy(np.ones((4, 4), np.float32), np.zeros((4, 4), bool))


def test_the_highest_point_decides_and_of_several_one_is_enough() -> None:
    shown = np.zeros((SIDE, SIDE), np.float32)
    shown[5, 5] = 2
    assert not hits(shown, DISC)
    shown[30, 34] = 2
    assert hits(shown, DISC)
    shown[5, 5] = 2.5
    assert not hits(shown, DISC)


def test_ranks_see_what_rises_together_and_share_ties() -> None:
    values = np.array([1, 2, 3, 4, 4], np.float32)
    assert spearman(values, values**5) == pytest.approx(1)
    assert spearman(values, -values) == pytest.approx(-1)
    assert pearson(values, 3 * values + 1) == pytest.approx(1)
    assert spearman(values, np.array([1, 2, 3, 5, 4], np.float32)) == pytest.approx(9.5 / np.sqrt(9.5 * 10))
    assert spearman(values, np.ones(5, np.float32)) is None
    assert pearson(np.zeros(5, np.float32), values) is None


def test_the_controls_are_mask_probability_and_the_centre() -> None:
    probability = np.zeros((32, 48), np.float32)
    probability[4:9, 4:9] = 0.5
    found = controls(probability, 0.5)
    assert tuple(found) == CONTROLS
    assert np.array_equal(found[MASK], probability > 0)
    assert found[PROBABILITY] is probability
    middle = found[CENTRE]
    assert middle.shape == probability.shape
    assert middle.dtype == np.float32
    assert np.array_equal(middle, middle[::-1, ::-1])
    assert centre(33, 49)[16, 24] == 1.0
    assert centre(41, 41)[20, 20 + 10] == pytest.approx(np.exp(-0.5), abs=0.03)  # a quarter of the side
