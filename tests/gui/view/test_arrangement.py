"""Where pictures lie."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest

from polyplive.gui.view.arrangement import arrange


@pytest.mark.parametrize("shown", [(1920, 1080), (Fraction(720 * 64, 45), 576), (300, 900), (32, 32)])
@pytest.mark.parametrize("size", [(1032, 694), (1920, 1200), (240, 180), (777, 555)])
@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("count", [1, 2])
def test_pictures_are_as_large_as_possible_in_their_true_shape(shown, size, ratio: float, count: int) -> None:
    found = arrange(shown, size, ratio, count)
    width, height = found.size
    assert width * float(shown[1]) / float(shown[0]) == pytest.approx(height, abs=0.51 + 0.51 * shown[1] / shown[0])
    assert all((cell.width, cell.height) == (width, height) for cell in found.cells), "one conversion serves both"
    whole = round(size[0] * ratio), round(size[1] * ratio)
    assert all(cell.within(*whole) for cell in found.cells)
    assert all(one.shared(other) == 0 for one, other in itertools.combinations(found.cells, 2))
    room = (size[0] - 16 - 8 * (count - 1)) / count * ratio, (size[1] - 16 - 24 * (count - 1)) * ratio
    assert width == pytest.approx(room[0], abs=1) or height == pytest.approx(room[1], abs=1)


@pytest.mark.parametrize("count", [1, 2])
def test_cells_and_what_is_around_them_are_the_whole_view_once(count: int) -> None:
    found = arrange((1920, 1080), (1032, 694), 1.5, count)
    times = np.zeros((1041, 1548), int)
    for rect in (*found.cells, *found.around(1548, 1041)):
        times[rect.slices] += 1
    assert (times == 1).all()
