"""The measured resolution of maps whose edges are known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from polyplive.explanation.displayed import displayed
from polyplive.explanation.resolution import edge_rise, grid_rise

SIDE = 192


def step(degrees: float = 0.0) -> np.ndarray:
    """A straight edge through the middle, smooth over one pixel, so that no turn of it is jagged."""
    down, right = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    across = right * np.cos(np.radians(degrees)) + down * np.sin(np.radians(degrees))
    return np.clip(across + 0.5, 0, 1).astype(np.float32)


def test_an_edge_between_two_pixels() -> None:
    sharp = np.zeros((SIDE, SIDE), np.float32)
    sharp[:, SIDE // 2 :] = 7
    assert edge_rise(sharp) == pytest.approx(0.8)


@pytest.mark.parametrize("sigma", [3, 6, 12])
@pytest.mark.parametrize("degrees", [0, 30, 45, 90])
def test_a_blurred_edge_has_the_rise_of_its_gaussian(sigma: float, degrees: float) -> None:
    blur = cv2.GaussianBlur(step(degrees), (0, 0), sigma)
    assert edge_rise(blur) == pytest.approx(2.563 * sigma, rel=0.04)


def test_a_ripple_on_a_soft_map_is_no_edge_and_its_height_plays_no_part() -> None:
    soft = cv2.GaussianBlur(step(), (0, 0), 12)
    ripple = soft.copy()
    ripple[20:24, 20:24] += 0.2
    assert edge_rise(ripple) == pytest.approx(2.563 * 12, rel=0.04)
    assert edge_rise(1000 * soft) == pytest.approx(edge_rise(soft))


@pytest.mark.parametrize("cell", [32, 16, 8])
def test_a_map_of_cells_is_as_fine_as_its_grid_whatever_its_arrays_size(cell: int) -> None:
    cells = np.random.default_rng(cell).random((SIDE // cell, SIDE // cell), np.float32)
    shown = displayed(cells, SIDE, SIDE)
    finer = displayed(cells, 2 * SIDE, 2 * SIDE)
    assert grid_rise(SIDE, SIDE, cell) == pytest.approx(0.6 * cell, rel=0.1)
    assert grid_rise(SIDE, SIDE, cell) / edge_rise(shown) == pytest.approx(1, abs=0.3)
    assert edge_rise(finer) == pytest.approx(2 * edge_rise(shown), rel=0.1)


def test_a_grid_four_times_finer_is_told_to_be_so() -> None:
    assert grid_rise(SIDE, SIDE, 32) / grid_rise(SIDE, SIDE, 8) == pytest.approx(4, rel=0.1)


def test_an_even_map_has_no_edge() -> None:
    assert edge_rise(np.zeros((8, 8), np.float32)) is None
    assert edge_rise(np.ones((8, 8), np.float32)) is None
