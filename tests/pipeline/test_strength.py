"""The step that a contour's line shows: it follows the scores, and does not flicker with them."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest

from polyplive.pipeline.postprocess import Postprocessor, rethreshold
from polyplive.pipeline.strength import MARGIN, Strengths
from polyplive.strength import MIDDLING_FROM, STRONG_FROM, Strength
from polyplive.types import Prediction, Roi

ROI = Roi(0, 0, 128, 128)


def steps(*scores: float) -> list[Strength]:
    followed = Strengths()
    return [followed.of(1, score) for score in scores]


def changes(found: list[Strength]) -> int:
    return sum(one is not other for one, other in itertools.pairwise(found))


def block(score: float) -> np.ndarray:
    """A square with that probability all over; float32 [128, 128]."""
    probability = np.zeros((128, 128), np.float32)
    probability[40:80, 40:80] = score
    return probability


@pytest.mark.parametrize(
    ("score", "step"),
    [(0.12, "weak"), (0.49, "weak"), (0.5, "middling"), (0.74, "middling"), (0.75, "strong"), (0.95, "strong")],
)
def test_a_single_score_has_its_own_step(score: float, step: str) -> None:
    assert Strength.of(score).value == step
    assert steps(score) == [Strength(step)]


@pytest.mark.parametrize("bound", [MIDDLING_FROM, STRONG_FROM])
@pytest.mark.parametrize("seed", range(5))
def test_scores_that_swing_around_a_bound_change_nothing_or_once(bound: float, seed: int) -> None:
    scores = bound + np.random.default_rng(seed).uniform(-0.06, 0.06, 500)
    assert changes([Strength.of(score) for score in scores]) > 100
    assert changes(steps(*scores)) <= 1


def test_one_frame_that_differs_changes_nothing() -> None:
    assert changes(steps(*[0.9] * 5, 0.5, *[0.9] * 5)) == 0


def test_a_lasting_change_shows_within_a_few_frames() -> None:
    assert steps(*[0.95] * 5, *[0.3] * 6)[-1] is Strength.WEAK
    assert steps(*[0.3] * 5, *[0.95] * 6)[-1] is Strength.STRONG
    slowly = steps(*np.linspace(0.95, 0.05, 60), *np.linspace(0.05, 0.95, 60))
    assert changes(slowly) == 4


def test_a_step_is_kept_to_the_margin_beyond_its_bound() -> None:
    kept = steps(STRONG_FROM, *[STRONG_FROM - MARGIN + 0.001] * 50)
    assert set(kept) == {Strength.STRONG}
    assert steps(STRONG_FROM, *[STRONG_FROM - MARGIN - 0.01] * 50)[-1] is Strength.MIDDLING


def test_the_steps_of_two_findings_do_not_mix_and_a_new_one_begins_anew() -> None:
    followed = Strengths()
    for _ in range(5):
        assert (followed.of(1, 0.95), followed.of(2, 0.3)) == (Strength.STRONG, Strength.WEAK)
    followed.keep({2})
    assert (followed.of(1, 0.3), followed.of(2, 0.3)) == (Strength.WEAK, Strength.WEAK)
    followed.reset()
    assert followed.of(2, 0.95) is Strength.STRONG


def test_detections_carry_the_step_of_their_track() -> None:
    following = Postprocessor()
    for score in (0.9, 0.9, 0.55):
        (found,) = following.run(block(score), ROI, 0.5)
        assert found.strength is Strength.STRONG
    assert Strength.of(found.score) is not Strength.STRONG
    for _ in range(8):
        (found,) = following.run(block(0.55), ROI, 0.5)
    assert found.strength is Strength.MIDDLING


def test_another_threshold_keeps_the_step_while_the_score_is_the_same() -> None:
    following = Postprocessor()
    following.run(block(0.9), ROI, 0.5)
    probability = np.maximum(block(0.6), cv2.dilate(block(0.1), np.ones((21, 21), np.uint8)))
    given = Prediction(0, ROI, probability, None, 1.0, 0.5, following.run(probability, ROI, 0.5), 0.0)
    (kept,) = rethreshold(given, 0.5).detections
    assert (kept.strength, kept.score) == (Strength.STRONG, given.detections[0].score)
    (wider,) = rethreshold(given, 0.05).detections
    assert wider.strength is None
    assert wider.score < kept.score
