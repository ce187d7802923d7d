"""A contour's line shows how sure the model is: whole, in dashes, in dots; not by colour, and steady."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from polyplive.overlay.colours import CONTOUR_COLOUR
from polyplive.overlay.dashes import Dashes, dashed
from polyplive.overlay.regions import Outline
from polyplive.strength import Strength
from polyplive.types import Contour


def ring(radius: float, x: float = 300.0, y: float = 240.0, wobble: float = 0.0, seed: int = 0) -> Contour:
    """An ellipse's corners, each off its place by about ``wobble`` pixels."""
    angles = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    reach = radius + np.random.default_rng(seed).normal(0, wobble, 90)
    return np.rint(np.stack([x + 1.3 * reach * np.cos(angles), y + reach * np.sin(angles)], 1)).astype(np.int32)


def drawn(outline: Outline) -> np.ndarray:
    image = np.full((480, 640, 3), 90, np.uint8)
    outline.draw(image)
    return image


def bright(outline: Outline) -> np.ndarray:
    """Where the line's own colour is: bool [H, W]."""
    return np.abs(drawn(outline).astype(int) - CONTOUR_COLOUR).max(axis=2) < 60


@pytest.mark.parametrize("thickness", [2, 4, 8])
@pytest.mark.parametrize("radius", [30, 150])
def test_the_surer_the_model_the_more_of_the_line_is_there(thickness: int, radius: int) -> None:
    shares = [bright(Outline(ring(radius), thickness, 0, strength)).sum() for strength in Strength]
    weak, middling, strong = shares
    assert weak < 0.8 * middling
    assert middling < 0.8 * strong


@pytest.mark.parametrize("thickness", [2, 4])
def test_the_kinds_of_line_differ_in_their_pieces_alone(thickness: int) -> None:
    counts = {
        strength: cv2.connectedComponents(bright(Outline(ring(150), thickness, 0, strength)).astype(np.uint8))[0] - 1
        for strength in Strength
    }
    assert counts[Strength.STRONG] == 1
    assert 8 <= counts[Strength.MIDDLING] < 0.6 * counts[Strength.WEAK]


@pytest.mark.parametrize("strength", [Strength.MIDDLING, Strength.WEAK])
@pytest.mark.parametrize("seed", range(4))
def test_pieces_stay_where_they_are_while_the_contour_trembles(strength: Strength, seed: int) -> None:
    """From frame to frame, as a model's contour does: no piece wanders around it."""
    still = Outline(ring(100), 4, 0, strength)
    near = cv2.dilate(bright(still).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    trembling = bright(Outline(ring(100, wobble=1.0, seed=seed), 4, 0, strength))
    turned = bright(dataclasses.replace(still, contour=np.roll(still.contour, 17, axis=0)))
    assert (trembling & near).sum() > 0.93 * trembling.sum()
    assert (turned != bright(still)).sum() < 0.02 * bright(still).sum(), "wherever the contour's first corner is"


def test_pieces_move_with_the_contour() -> None:
    outline = Outline(ring(80, 200, 200), 3, 0, Strength.MIDDLING)
    moved = drawn(outline.moved(31, 17))
    assert np.array_equal(moved[17:, 31:], drawn(outline)[:-17, :-31])


@pytest.mark.parametrize("bits", [0, 4])
@pytest.mark.parametrize("corners", [[[5, 5]], [[5, 5], [5, 5]], [[5, 5], [9, 5]], [[3, 3], [3, 3], [8, 3], [8, 9]]])
def test_the_smallest_contours_are_drawn_too(bits: int, corners: list[list[int]]) -> None:
    contour = np.array(corners, np.int32) << bits
    for strength in Strength:
        image, mask = np.zeros((16, 16, 3), np.uint8), np.zeros((16, 16), np.uint8)
        outline = Outline(contour, 1, bits, strength)
        outline.draw(image)
        outline.cover(mask)
        assert image.any()
        assert not image[mask == 0].any()


def test_all_pieces_are_equally_long_and_their_number_seldom_changes() -> None:
    pieces, bits = dashed(ring(100), 0, 6, Dashes(3.0, 2.5))
    lengths = [np.hypot(*np.diff(piece / (1 << bits), axis=0).T).sum() for piece in pieces]
    assert lengths == pytest.approx([np.mean(lengths)] * len(lengths), rel=0.03)
    counts = [len(dashed(ring(radius), 0, 6, Dashes(3.0, 2.5))[0]) for radius in range(60, 120)]
    assert len(set(counts)) <= 3
