"""Frames add up to a finding that is shown: each counts by how sure the model was, and lost ones take away."""

from __future__ import annotations

import numpy as np
import pytest

from polyplive.pipeline.confirmation import FADING, FULL_EVIDENCE, Confirmation, certainty, weight
from polyplive.types import Roi


def shown_after(evidence: Confirmation, *weights: float | None) -> int | None:
    """The number of frames after which track 1 is shown, if it is found with these weights; None: not found."""
    for number, counts in enumerate(weights, 1):
        evidence.add({} if counts is None else {1: counts}, {1})
        if evidence.suffices(1):
            return number
    return None


@pytest.mark.parametrize("threshold", [0.1, 0.5, 0.9])
def test_a_frame_counts_nothing_at_the_threshold_and_whole_where_the_model_is_sure(threshold: float) -> None:
    assert weight(threshold, threshold) == 0
    assert weight(threshold + FULL_EVIDENCE * (1 - threshold), threshold) == pytest.approx(1)
    assert weight(threshold + FULL_EVIDENCE * (1 - threshold) / 2, threshold) == pytest.approx(0.5)
    assert weight(1.0, threshold) == 1
    assert weight(0.0, threshold) == 0


def test_sure_findings_are_shown_sooner() -> None:
    assert shown_after(Confirmation(3), *[1.0] * 9) == 3
    assert shown_after(Confirmation(3), *[0.5] * 9) == 6
    assert shown_after(Confirmation(3), *[0.1] * 40) == 30
    assert shown_after(Confirmation(3), *[0.0] * 40) is None


def test_one_frame_is_enough_where_nothing_is_withheld() -> None:
    assert shown_after(Confirmation(1), 0.0) == 1


def test_frames_without_it_take_away_until_it_is_shown() -> None:
    assert FADING == 0.5
    assert shown_after(Confirmation(2), 1.0, None, 1.0, 1.0) == 4
    assert shown_after(Confirmation(2), *[1.0, None, None] * 9) is None
    evidence = Confirmation(2)
    assert shown_after(evidence, 1.0, 1.0) == 2
    for _ in range(9):
        evidence.add({}, {1})
    assert evidence.suffices(1), "shown once, it is not withheld again while it is followed"


def test_a_track_that_is_gone_is_forgotten() -> None:
    evidence = Confirmation(2)
    evidence.add({1: 1.0, 2: 1.0}, {1, 2})
    evidence.add({2: 1.0}, {2})
    evidence.add({1: 1.0, 2: 1.0}, {1, 2})
    assert [evidence.suffices(track) for track in (1, 2)] == [False, True]
    evidence.reset()
    assert not evidence.suffices(2)


SQUARE = np.array([[110, 120], [189, 120], [189, 199], [110, 199]], np.int32)
"""In the field of view below: rows and columns 10 to 49 of a map at half its size, shifted by 10 and 20 pixels."""


def test_certainty_is_the_mean_of_what_is_sure_inside_the_contour() -> None:
    roi = Roi(90, 100, 200, 200)
    probability = np.full((100, 100), 0.99, np.float32)  # sure everywhere outside, which counts nothing
    probability[10:50, 10:50] = 0.6
    assert certainty(SQUARE, probability, roi, 0.9, 0.01) == 0.0
    probability[20:30, 20:30] = 0.94
    assert certainty(SQUARE, probability, roi, 0.9, 0.01) == pytest.approx(0.94)
    assert certainty(SQUARE, probability, roi, 0.9, 0.011) == 0.0, "smaller than a finding may be"
    assert certainty(SQUARE, probability, roi, 0.5, 0.01) == pytest.approx((100 * 0.94 + 1500 * 0.6) / 1600, abs=1e-3)
