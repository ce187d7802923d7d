"""Marks and signs for viewers who lack a kind of cone, with simulated vision: nothing rests on a hue alone."""

from __future__ import annotations

import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest
from colour_vision import DEFICIENCIES, difference

from polyplive import assets, open_video
from polyplive.overlay.colours import CONTOUR_COLOUR, EDGE_COLOUR, PAD_COLOUR, STATE_COLOURS
from polyplive.overlay.regions import Outline
from polyplive.overlay.symbols import draw_symbol
from polyplive.strength import Strength
from polyplive.types import SessionState

MARKED = 40.0
"""CIELAB. The contour's line or its edge differs so much from whatever mucosa it lies on."""

LINE = 20.0
"""CIELAB. The bright line alone, on 99 % of the mucosa: all but the reflections."""

TWO_TONES = 70.0
"""CIELAB. Line and edge differ so much, which makes a mark of its own on any ground."""

SIGNS = 30.0
"""CIELAB. Any two colours of states."""

SHAPE = 0.5
"""Of what two signs cover so much differs clearly, also where they have the same colour."""

CLEARLY = 20.0
"""CIELAB."""

MUCOSA = {
    "pale": (178, 188, 228),
    "pink": (140, 150, 215),
    "orange": (90, 120, 205),
    "red": (60, 70, 170),
    "dark": (30, 32, 90),
    "yellow": (120, 190, 225),
    "glare": (250, 252, 255),
    "shadow": (10, 12, 26),
}
"""Blue, green, red."""

every_vision = pytest.mark.parametrize("vision", DEFICIENCIES)


@pytest.fixture(scope="module")
def rendered() -> list[np.ndarray]:
    """Three frames of the demo, half as large."""
    with open_video(Path(assets.__path__[0]) / "demo.mp4") as video:
        return [np.ascontiguousarray(frame.image[::2, ::2]) for frame in itertools.islice(video, 0, 121, 60)]


@every_vision
@pytest.mark.parametrize("name", MUCOSA)
def test_a_contour_is_seen_on_every_colour_of_mucosa(name: str, vision: str) -> None:
    line, edge = (difference(colour, MUCOSA[name], vision) for colour in (CONTOUR_COLOUR, EDGE_COLOUR))
    assert max(line, edge) > MARKED
    assert difference(CONTOUR_COLOUR, EDGE_COLOUR, vision) > TWO_TONES


@every_vision
def test_a_contour_is_seen_on_rendered_mucosa(vision: str, rendered: list[np.ndarray]) -> None:
    mucosa = np.concatenate([image[::4, ::4].reshape(-1, 3) for image in rendered])
    mucosa = mucosa[mucosa.max(axis=1) > 25]  # the rest is the black around the picture
    assert len(mucosa) > 10_000
    line, edge = (difference(np.array([colour]), mucosa, vision) for colour in (CONTOUR_COLOUR, EDGE_COLOUR))
    assert np.maximum(line, edge).min() > MARKED
    assert np.percentile(line, 1) > LINE


@every_vision
@pytest.mark.parametrize("strength", list(Strength))
def test_every_dash_and_dot_is_seen_where_it_is_drawn(
    vision: str, strength: Strength, rendered: list[np.ndarray]
) -> None:
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    for image in rendered[:2]:
        height, width = image.shape[:2]
        ring = np.stack([width * (0.5 + 0.25 * np.cos(angles)), height * (0.5 + 0.3 * np.sin(angles))], 1)
        drawn = image.copy()
        Outline(np.rint(ring).astype(np.int32), 2, 0, strength).draw(drawn)
        changed = difference(drawn, image, vision)
        count, labels = cv2.connectedComponents((drawn != image).any(axis=2).astype(np.uint8))
        assert (count == 2) is (strength is Strength.STRONG)
        assert min(changed[labels == piece].max() for piece in range(1, count)) > MARKED


def sign(state: SessionState) -> np.ndarray:
    image = np.full((40, 40, 3), PAD_COLOUR, np.uint8)
    draw_symbol(image, state, 20, 20, 14)
    return image


@every_vision
def test_signs_of_states_differ_by_shape_and_by_colour(vision: str) -> None:
    pad = np.full((40, 40, 3), PAD_COLOUR, np.uint8)
    for one, other in itertools.combinations(SessionState, 2):
        first, second = sign(one), sign(other)
        covered = (first != pad).any(axis=2) | (second != pad).any(axis=2)
        assert (difference(first, second, vision)[covered] > CLEARLY).mean() > SHAPE, (one, other)
    for one, other in itertools.combinations(set(STATE_COLOURS.values()), 2):
        assert difference(one, other, vision) > SIGNS
