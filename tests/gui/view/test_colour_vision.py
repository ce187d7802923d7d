"""Glow and banners are told from black and from mucosa by brightness, whatever colours a viewer can tell apart."""

from __future__ import annotations

import pytest
from colour_vision import DEFICIENCIES, contrast, seen_as

from polyplive.gui.view.glow import GLOW_COLOUR, RIM_COLOUR
from polyplive.overlay.colours import PAD_COLOUR, QUIET_COLOUR, STATE_COLOURS, TEXT_COLOUR

BLACK = (0, 0, 0)
MUCOSA = (96, 110, 200), (70, 80, 150), (120, 140, 225)
"""Usual, in shade, and well lit: blue, green, red."""


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_the_glow_and_the_words_stand_out(deficiency: str) -> None:
    assert contrast(GLOW_COLOUR, BLACK, deficiency) >= 12
    assert contrast(GLOW_COLOUR, RIM_COLOUR, deficiency) >= 12, "on a white reflex, too"
    for mucosa in MUCOSA:
        assert contrast(GLOW_COLOUR, mucosa, deficiency) >= 2
        assert contrast(PAD_COLOUR, mucosa, deficiency) >= 2
    for words in (TEXT_COLOUR, QUIET_COLOUR):
        assert contrast(words, PAD_COLOUR, deficiency) >= 7
    for state, colour in STATE_COLOURS.items():
        assert contrast(colour, PAD_COLOUR, deficiency) >= 3, state


def test_the_simulation_confuses_what_such_viewers_confuse() -> None:
    """Grey stays grey; a red and a green that are told apart without a deficiency become alike."""
    red, green = (60, 80, 200), (60, 128, 128)
    for name, matrix in DEFICIENCIES.items():
        assert matrix.sum(1) == pytest.approx(1, abs=1e-3), name
    apart = {name: abs(seen_as(red, name) - seen_as(green, name)).max() for name in DEFICIENCIES}
    assert apart["deuteranopia"] < 0.4 * apart["none"]
    assert contrast(BLACK, (255, 255, 255)) == pytest.approx(21)
