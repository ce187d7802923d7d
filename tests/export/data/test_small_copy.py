"""Small copies of polyps: one more, smaller, beside the first, in the light of its new place."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from polyplive.export.data.small_copy import AREAS, SHRINKS, add_small_copy

SIDE, CENTRE, RADIUS = 200, (60, 100), 34
GREY, DARKER, POLYP = 190, 110, (120, 140, 215)


def scene() -> tuple[np.ndarray, np.ndarray]:
    """A disc on light grey; the right third of the picture is darker."""
    image = np.full((SIDE, SIDE, 3), GREY, np.uint8)
    image[:, 130:] = DARKER
    mask = np.zeros((SIDE, SIDE), np.uint8)
    cv2.circle(image, CENTRE, RADIUS, POLYP, -1)
    cv2.circle(mask, CENTRE, RADIUS, 255, -1)
    return image, mask


def copies(count: int = 30) -> list[tuple[np.ndarray, np.ndarray]]:
    return [add_small_copy(*scene(), np.random.default_rng(seed)) for seed in range(count)]


def test_there_is_one_more_and_it_is_small() -> None:
    _, mask = scene()
    areas = []
    for _, marked in copies():
        assert set(np.unique(marked)) == {0, 255}
        assert (marked[mask > 0] == 255).all()
        new = cv2.connectedComponentsWithStats(np.where(mask > 0, 0, marked).astype(np.uint8))[2][1:]
        assert len(new) <= 1
        areas += [row[cv2.CC_STAT_AREA] / mask.size for row in new]
    assert len(areas) > 20
    assert min(areas) > 0.5 * AREAS[0]
    assert max(areas) < 1.2 * AREAS[1]
    assert max(areas) / min(areas) > 4


def test_the_picture_changes_where_the_copy_is_alone() -> None:
    image, mask = scene()
    for changed, marked in copies():
        new = cv2.dilate(np.where(mask > 0, 0, marked).astype(np.uint8), np.ones((41, 41), np.uint8)) > 0
        differs = (changed != image).any(2)
        assert not differs[~new].any()
        assert differs.any() == new.any()
        assert not differs[mask > 0].any()


def test_the_copy_has_the_light_of_its_place() -> None:
    _, mask = scene()
    contrast = np.array(POLYP, float) - GREY
    seen = []
    for changed, marked in copies():
        new = cv2.erode(np.where(mask > 0, 0, marked).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        columns = np.flatnonzero(new.any(0))
        if len(columns) and columns[0] > 145 and columns[-1] < 185:
            seen.append(changed[new].mean(0) - DARKER)
    assert len(seen) > 1
    assert np.abs(np.array(seen) - contrast).max() < 15


def test_the_same_seed_gives_the_same() -> None:
    for one, again in zip(copies(5), copies(5), strict=True):
        assert (one[0] == again[0]).all()
        assert (one[1] == again[1]).all()


@pytest.mark.parametrize("case", ["no polyp", "a speck", "dark", "no room"])
def test_where_there_is_nothing_to_copy_nothing_changes(case: str) -> None:
    image, mask = scene()
    if case == "no polyp":
        mask[:] = 0
    elif case == "a speck":
        mask[:] = 0
        side = int((AREAS[0] * SHRINKS * mask.size) ** 0.5)
        mask[20 : 20 + side, 20 : 20 + side] = 255
    elif case == "dark":
        image[mask == 0] = 10
    else:
        mask[:] = 255
    for seed in range(10):
        changed, marked = add_small_copy(image, mask, np.random.default_rng(seed))
        assert changed is image
        assert marked is mask


@pytest.mark.parametrize("shape", [(1, 1), (7, 9), (40, 12)])
def test_odd_pictures_are_taken(shape: tuple[int, int]) -> None:
    mask = np.full(shape, 255, np.uint8)
    mask[: shape[0] // 2] = 0
    image = np.full((*shape, 3), 120, np.uint8)
    for seed in range(20):
        changed, marked = add_small_copy(image, mask, np.random.default_rng(seed))
        assert changed.shape == image.shape
        assert marked.shape == mask.shape
