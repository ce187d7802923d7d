"""The figures of procedures: counted by hand on a small one, and equal to TRUE-Colon's on others."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from polyplive.evaluation.procedures.figures import AtThreshold, curve
from polyplive.evaluation.procedures.protocol import differences, run_protocol
from polyplive.evaluation.procedures.reading import read_findings, read_truth
from polyplive.evaluation.procedures.run import Validation, evaluate_procedures
from polyplive.evaluation.procedures.scores import score_procedures

from .procedures import Seen, at_random, result, truth_document, written

FPS = 10.0
ON, BESIDE = [10, 10, 20, 20], [60, 60, 10, 10]


def read(folder: Path, document: dict[str, Any], results: list[dict[str, Any]]) -> tuple[Any, Any]:
    truth_path = written(folder / "truth.json", document)
    truth = read_truth(truth_path)
    return truth, read_findings([written(folder / "results.json", results)], truth, truth_path)


def one_lesion(folder: Path) -> tuple[Any, Any]:
    """A lesion in frames 20 to 39 of 100, found from 23 on but in 30; false findings in 3, 4, 9, 50 and 70."""
    seen: Seen = {"video": {index: {"1": ON} for index in range(20, 40)}}
    results = [result("video", index, [15, 15, 20, 20], 0.9) for index in range(23, 40) if index != 30]
    results += [result("video", index, BESIDE, 0.6) for index in (3, 4, 9, 25, 50, 70)]
    return read(folder, truth_document(seen, 100), results)


def test_by_hand(tmp_path: Path) -> None:
    truth, found = one_lesion(tmp_path)
    figures = evaluate_procedures(truth, found, {})
    (lesion,) = figures["lesion_records"]
    assert (lesion["name"], lesion["first_frame"], lesion["latency_frames"], lesion["latency_s"]) == (
        "video_1",
        20,
        3,
        0.3,
    )
    assert (lesion["seen"]["count"], lesion["seen"]["of"]) == (16, 20)
    assert (figures["frames_with_lesion"]["count"], figures["frames_with_lesion"]["of"]) == (16, 20)
    assert (figures["frames_without"]["count"], figures["frames_without"]["of"]) == (5, 80)
    assert figures["views"] == {"hits": 16, "misses": 6, "of": 20}
    assert figures["false_alerts"]["n"] == 4, "3, 4 and 9 are one; that beside the lesion counts too"
    assert figures["false_alerts"]["an_hour"] == pytest.approx(4 / (100 / FPS / 3600))
    assert figures["differences"] == []
    assert lesion["within"] == [True, True, True]


def test_within_a_second_takes_half_a_second_of_it(tmp_path: Path) -> None:
    seen: Seen = {"video": {index: {"1": ON} for index in range(20, 60)}}
    for found_in, expected in ((range(25, 30), [True, True, True]), (range(26, 40), [False, True, True])):
        results = [result("video", index, ON, 0.9) for index in found_in]
        figures = evaluate_procedures(*read(tmp_path, truth_document(seen, 80), results), {})
        assert figures["lesion_records"][0]["within"] == expected
        assert figures["differences"] == []


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("threshold", [1e-6, 0.4])
def test_true_colon_gives_the_same_counts(seed: int, threshold: float, tmp_path: Path) -> None:
    truth, found = read(tmp_path, *at_random(seed))
    scores = score_procedures(truth, found)
    ours, points = AtThreshold.of(scores, threshold, FPS), curve(scores, FPS)
    theirs = run_protocol(truth, found, FPS, threshold)
    assert 0 < ours.with_lesion.count < ours.with_lesion.of
    assert 0 < ours.without.count < ours.without.of
    assert differences(ours, points, theirs) == []
    changed = copy.deepcopy(theirs)
    changed["frame"]["fp"] += 1
    assert [line.partition(":")[0] for line in differences(ours, points, changed)] == [
        "frames without that are flagged",
        "frames without",
    ]


def test_the_threshold_is_matched_on_another_recording(tmp_path: Path) -> None:
    truth, found = read(tmp_path, *at_random(1))
    other = read(tmp_path, *at_random(2))
    figures = evaluate_procedures(truth, found, {}, validation=Validation(*other, 0.045))
    point = figures["operating_point"]
    assert point["is_matched"]
    assert point["achieved_fpr"] <= 0.045
    assert figures["threshold"] == pytest.approx(point["threshold"], abs=1e-6)
    assert figures["threshold"] > 0.1
    scores = score_procedures(*other)
    assert AtThreshold.of(scores, figures["threshold"], FPS).without.count <= 0.045 * len(scores.without)
    assert figures["differences"] == []


def test_delays_are_added_to_latencies(tmp_path: Path) -> None:
    truth, found = one_lesion(tmp_path)
    assert evaluate_procedures(truth, found, {})["shown_latency_s"] is None
    figures = evaluate_procedures(truth, found, {}, delays_ms=[40.0] * 98 + [1000.0] * 2)
    assert figures["latency_s"]["mean"] == 0.3
    assert figures["shown_latency_s"]["mean_p50"] == pytest.approx(0.34)
    assert figures["shown_latency_s"]["mean_p99"] == pytest.approx(1.3)


def test_intervals_are_given_where_lesions_or_procedures_differ(tmp_path: Path) -> None:
    figures = evaluate_procedures(*read(tmp_path, *at_random(3)), {})
    low, high = figures["lesions"]["mean_share"]["interval"]
    assert low < figures["lesions"]["mean_share"]["mean"] < high
    assert figures["false_alerts"]["interval"] is None, "as many in both"
    document, results = at_random(3)
    results += [result("second_one", index, [80, 80, 9, 9], 0.5) for index in (0, 30, 59)]
    figures = evaluate_procedures(*read(tmp_path, document, results), {})
    low, high = figures["false_alerts"]["interval"]
    assert low <= figures["false_alerts"]["an_hour"] <= high
    assert low < high
    alone = evaluate_procedures(*one_lesion(tmp_path), {})
    assert alone["lesions"]["found"]["interval"] is None


def test_of_nothing_found(tmp_path: Path) -> None:
    truth, _ = one_lesion(tmp_path)
    _, nothing = read(tmp_path, *(truth_document({"video": {20: {"1": ON}}}, 100), []))
    figures = evaluate_procedures(truth, nothing, {})
    assert (figures["lesions"]["found"]["count"], figures["latency_s"]["mean"]) == (0, None)
    assert figures["false_alerts"]["n"] == 0
    assert figures["differences"] == []
