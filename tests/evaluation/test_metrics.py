"""Figures of agreement, against counts made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from polyplive.evaluation.metrics import Counts, boundary_f


def square(top: int, left: int, side: int = 40, size: int = 200) -> np.ndarray:
    mask = np.zeros((size, size), bool)
    mask[top : top + side, left : left + side] = True
    return mask


def test_counts_by_hand() -> None:
    truth, predicted = square(0, 0, 10), square(0, 5, 10)
    counts = Counts.of(predicted, truth)
    assert counts == Counts(tp=50, fp=50, fn=50, tn=200 * 200 - 150)
    assert counts.iou == pytest.approx(1 / 3)
    assert counts.dice == pytest.approx(0.5)
    assert counts.precision == counts.recall == 0.5
    assert counts.background_iou == pytest.approx((40000 - 150) / (40000 - 50))


def test_nothing_to_find_and_nothing_found_is_perfect() -> None:
    empty = np.zeros((5, 5), bool)
    counts = Counts.of(empty, empty)
    assert (counts.iou, counts.dice, counts.precision, counts.recall) == (1, 1, 1, 1)
    assert boundary_f(empty, empty) == 1.0


def test_pooled_counts_add_up() -> None:
    assert Counts(1, 2, 3, 4) + Counts(10, 20, 30, 40) == Counts(11, 22, 33, 44)


def test_boundary_is_perfect_near_and_zero_far() -> None:
    truth = square(60, 60)
    assert boundary_f(truth, truth) == 1.0
    assert boundary_f(square(61, 61), truth) == 1.0  # 1.4 px apart, 2.1 px allowed on a diagonal of 283
    assert boundary_f(square(130, 130), truth) < 0.05
    assert boundary_f(np.zeros_like(truth), truth) == 0.0


def test_boundary_is_the_harmonic_mean_of_both_directions() -> None:
    truth, predicted = square(60, 20), square(60, 20) | square(60, 120)
    assert boundary_f(predicted, truth) == pytest.approx(2 * 0.5 * 1 / 1.5, abs=0.01)
