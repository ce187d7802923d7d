"""How well a heatmap points, on maps whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from polyplive.evaluation.pictures.pointing import point


def half(value_left: float, value_right: float, side: int = 16) -> np.ndarray:
    values = np.full((side, side), value_right, np.float32)
    values[:, : side // 2] = value_left
    return values


def test_a_map_inside_the_polyp() -> None:
    truth = half(1, 0, 64) > 0.5
    pointing = point(half(1, 0), half(1, 0, 32), truth)
    assert pointing is not None
    assert pointing.hit
    assert pointing.energy_inside > 0.95
    assert pointing.mask_correlation > 0.9


def test_a_map_beside_the_polyp() -> None:
    pointing = point(half(0, 1), half(1, 0, 32), half(1, 0, 64) > 0.5)
    assert pointing is not None
    assert not pointing.hit
    assert pointing.energy_inside < 0.05
    assert pointing.mask_correlation < -0.9


def test_an_even_map_has_the_polyps_share_of_the_energy() -> None:
    truth = np.zeros((40, 40), bool)
    truth[:10] = True
    pointing = point(np.ones((8, 8), np.float32), half(1, 0, 32), truth)
    assert pointing is not None
    assert pointing.energy_inside == pytest.approx(0.25)
    assert pointing.mask_correlation == 0.0


def test_an_empty_map_points_nowhere() -> None:
    assert point(np.zeros((8, 8), np.float32), half(1, 0, 32), half(1, 0) > 0.5) is None
