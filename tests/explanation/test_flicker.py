"""What counts as flicker of a heatmap, on maps whose answer is known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from view_scenes import finding

from polyplive.explanation.flicker import flicker
from polyplive.types import Frame, OverlaySettings, Prediction

EVERYWHERE = OverlaySettings(heat_everywhere=True, heat_smoothing=False)


def still(index: int, share: float) -> tuple[Frame, Prediction]:
    picture = np.random.default_rng(1).integers(0, 256, (240, 320, 3), np.uint8)
    cam = np.full((22, 22), 800 * share, np.float32)
    return Frame(picture, index), dataclasses.replace(finding(320, 240), index=index, cam=cam)


def test_a_map_that_stays_does_not_flicker() -> None:
    assert flicker([still(index, 0.5) for index in range(4)], EVERYWHERE) == pytest.approx(0, abs=1e-6)


def test_a_map_that_goes_up_and_down_flickers_by_that_share() -> None:
    found = [still(index, 0.4 if index % 2 else 0.6) for index in range(9)]
    assert flicker(found, EVERYWHERE) == pytest.approx(0.2 / 0.5, rel=0.02)


def test_a_finding_that_comes_or_goes_is_no_flicker() -> None:
    first, second = still(0, 0.5), still(1, 0.9)
    fewer = second[0], dataclasses.replace(second[1], detections=second[1].detections[:1])
    assert flicker([first, fewer], EVERYWHERE) is None
    assert flicker([], EVERYWHERE) is None
