"""Stability of maps that follow the picture, that stay where they are, and that vanish."""

from __future__ import annotations

import numpy as np
import pytest

from polyplive.explanation.correlation import pearson
from polyplive.explanation.stability import Change, between_frames, changes

SIDE = 64
PICTURE = np.random.default_rng(4).integers(0, 200, (SIDE, SIDE, 3), np.uint8)


def brightness(picture: np.ndarray) -> np.ndarray:
    return picture.astype(np.float32).sum(axis=2)


@pytest.mark.parametrize("change", changes(SIDE, SIDE))
def test_a_map_that_follows_the_picture_agrees(change: Change) -> None:
    agreement = change.agreement(brightness(PICTURE), brightness(change.of(PICTURE)))
    assert agreement == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("change", [Change(down=3), Change(right=-2), Change(down=-4, right=5)])
def test_a_picture_moves_as_said_and_a_map_that_stays_does_not_agree(change: Change) -> None:
    moved = change.of(PICTURE)
    assert moved.shape == PICTURE.shape
    assert np.array_equal(moved[20 + change.down, 20 + change.right], PICTURE[20, 20])
    assert change.agreement(brightness(PICTURE), brightness(PICTURE)) == pytest.approx(0, abs=0.1)


def test_a_still_is_moved_both_ways_and_brightened_and_darkened() -> None:
    down, right, brighter, darker = changes(352, 256)
    assert (down.down, down.right, right.down, right.right) == (6, 0, 0, 4)
    assert brighter.of(PICTURE).mean() == pytest.approx(1.1 * PICTURE.mean(), rel=0.01)
    assert darker.of(PICTURE).mean() == pytest.approx(0.9 * PICTURE.mean(), rel=0.01)


def test_a_map_that_vanishes_agrees_with_nothing_and_none_before_is_not_counted() -> None:
    cam, none = brightness(PICTURE), np.zeros((SIDE, SIDE), np.float32)
    assert Change().agreement(cam, none) == 0.0
    assert Change().agreement(none, cam) is None


def test_frames_of_a_video_are_compared_with_their_neighbours() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.random((2, SIDE, SIDE), np.float32)
    none = np.zeros_like(one)
    found = list(between_frames([one, one, other, None, none, one], SIDE, SIDE))
    assert found == pytest.approx([1.0, pearson(one, other), 0.0, 0.0])
    assert list(between_frames([one], SIDE, SIDE)) == []
