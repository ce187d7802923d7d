"""What of a picture is seen when it is zoomed, without a window."""

from __future__ import annotations

import pytest

from polyplive.gui.view.zoom import HIGHEST, Zoom, magnified
from polyplive.pixels.crop import Crop


def place_at(zoom: Zoom, at: tuple[float, float]) -> tuple[float, float]:
    """What of a picture, in shares, lies at a place in the view."""
    crop = zoom.crop(1, 1) or Crop(0, 0, 1, 1)
    return crop.x + at[0] * crop.width, crop.y + at[1] * crop.height


@pytest.mark.parametrize("at", [(0.5, 0.5), (0.2, 0.9), (0.0, 1.0)])
def test_what_is_beneath_the_pointer_stays_there(at: tuple[float, float]) -> None:
    zoom = Zoom()
    seen = place_at(zoom, at)
    for steps in (1, 1, 2.5, 4, -3, 3, -0.25, -1):
        zoom = zoom.by(steps, at)
        assert place_at(zoom, at) == pytest.approx(seen)


def test_from_one_to_eight_times_in_steps() -> None:
    zoom = Zoom()
    assert zoom.crop(640, 480) is None
    factors = [(zoom := zoom.by(1)).factor for _ in range(12)]
    assert factors[3::4] == pytest.approx([2, 4, 8])
    assert zoom.by(1) == zoom
    assert zoom.steps == HIGHEST
    assert zoom.crop(640, 480) == Crop(280, 210, 80, 60)
    assert zoom.moved(0.3, 0.2).by(-100) == Zoom()


def test_no_edge_of_the_picture_comes_into_the_view() -> None:
    zoom = Zoom().by(4)
    assert zoom.moved(10, -10).crop(100, 50) == Crop(0, 25, 50, 25)
    assert zoom.moved(-10, 10).crop(100, 50) == Crop(50, 0, 50, 25)
    assert zoom.moved(0.5, 0).crop(100, 50) == Crop(0, 12.5, 50, 25)
    cornered = Zoom().by(12, (1, 1)).by(-8, (0, 0))
    assert place_at(cornered, (1, 1)) == pytest.approx((1, 1))
    assert Zoom().moved(0.2, 0.2) == Zoom()


def test_a_loupe_shows_what_is_around_the_pointer_and_nothing_beyond_the_picture() -> None:
    middle = magnified(None, (600, 400), (0.5, 0.25), (0.3, 0.45), 3)
    assert (middle.x, middle.y, middle.width, middle.height) == pytest.approx((270, 70, 60, 60))
    cornered = magnified(Crop(300, 200, 300, 200), (600, 400), (1, 1), (0.3, 0.45), 3)
    assert (cornered.x, cornered.y, cornered.width, cornered.height) == pytest.approx((570, 370, 30, 30))
