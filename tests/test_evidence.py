"""Frames add up to a finding that is shown: each counts by how sure the model was, and lost ones take away."""

from __future__ import annotations

import pytest

from polyplive.evidence import FADING, SURE, Evidence, weight


def shown_after(evidence: Evidence, *weights: float | None) -> int | None:
    """The number of frames after which track 1 is shown, if it is found with these weights; None: not found."""
    for number, counts in enumerate(weights, 1):
        evidence.add({} if counts is None else {1: counts}, {1})
        if evidence.suffices(1):
            return number
    return None


@pytest.mark.parametrize("threshold", [0.1, 0.5, 0.9])
def test_a_frame_counts_nothing_at_the_threshold_and_whole_where_the_model_is_sure(threshold: float) -> None:
    assert weight(threshold, threshold) == 0
    assert weight(threshold + SURE * (1 - threshold), threshold) == pytest.approx(1)
    assert weight(threshold + SURE * (1 - threshold) / 2, threshold) == pytest.approx(0.5)
    assert weight(1.0, threshold) == 1
    assert weight(0.0, threshold) == 0


def test_sure_findings_are_shown_sooner() -> None:
    assert shown_after(Evidence(3), *[1.0] * 9) == 3
    assert shown_after(Evidence(3), *[0.5] * 9) == 6
    assert shown_after(Evidence(3), *[0.1] * 40) == 30
    assert shown_after(Evidence(3), *[0.0] * 40) is None


def test_one_frame_is_enough_where_nothing_is_withheld() -> None:
    assert shown_after(Evidence(1), 0.0) == 1


def test_frames_without_it_take_away_until_it_is_shown() -> None:
    assert FADING == 0.5
    assert shown_after(Evidence(2), 1.0, None, 1.0, 1.0) == 4
    assert shown_after(Evidence(2), *[1.0, None, None] * 9) is None
    evidence = Evidence(2)
    assert shown_after(evidence, 1.0, 1.0) == 2
    for _ in range(9):
        evidence.add({}, {1})
    assert evidence.suffices(1), "shown once, it is not withheld again while it is followed"


def test_a_track_that_is_gone_is_forgotten() -> None:
    evidence = Evidence(2)
    evidence.add({1: 1.0, 2: 1.0}, {1, 2})
    evidence.add({2: 1.0}, {2})
    evidence.add({1: 1.0, 2: 1.0}, {1, 2})
    assert [evidence.suffices(track) for track in (1, 2)] == [False, True]
    evidence.reset()
    assert not evidence.suffices(2)
