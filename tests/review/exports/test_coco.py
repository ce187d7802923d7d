"""COCO's files, read by pycocotools."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from written_events import HEIGHT, WIDTH, detection, write_events

from polyplive.pipeline.postprocess import filled
from polyplive.review.decisions import Verdict
from polyplive.review.exports.linked import Only

from .conftest import FIRST, SECOND


@pytest.fixture
def truth(exported: Callable[..., Path]) -> COCO:
    return COCO(str(exported("coco-gt")))


def test_every_frame_is_listed_and_every_finding_has_its_mask(truth: COCO) -> None:
    assert [image["file_name"] for image in truth.loadImgs(truth.getImgIds())] == [
        f"procedure_{index:06d}.png" for index in range(20)
    ]
    assert len(truth.anns) == len(FIRST) + len(SECOND)
    assert 0 not in truth.anns
    found = truth.imgToAnns[7 + 1]
    assert {one["track_id"] for one in found} == {1, 2}
    for one, box in zip(sorted(found, key=lambda one: one["track_id"]), (FIRST[7], SECOND[7]), strict=True):
        inside = filled([detection(1, box, 0.5)], (HEIGHT, WIDTH))
        assert np.array_equal(truth.annToMask(one), inside)
        assert one["area"] == inside.sum()
        assert one["bbox"] == list(box)


def test_results_match_the_truth_of_the_same_findings(truth: COCO, exported: Callable[..., Path]) -> None:
    results = truth.loadRes(str(exported("coco")))
    for kind in ("bbox", "segm"):
        evaluation = COCOeval(truth, results, kind)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
        assert evaluation.stats[0] == pytest.approx(1.0)
    assert {one["score"] for one in results.anns.values()} == {0.9, 0.6}


@pytest.mark.parametrize(("only", "tracks"), [(Only.ALL, {1, 2}), (Only.ACCEPTED, {1}), (Only.NOT_REJECTED, {1, 2})])
def test_only_what_was_accepted_or_not_rejected(only: Only, tracks: set[int], exported: Callable[..., Path]) -> None:
    path = exported("coco", verdicts=lambda _: {1: Verdict.ACCEPTED}, only=only)
    assert {one["track_id"] for one in json.loads(path.read_text(encoding="utf-8"))} == tracks


def test_what_was_rejected_is_left_out_and_its_frames_stay(exported: Callable[..., Path]) -> None:
    read = json.loads(
        exported("coco-gt", verdicts=lambda _: {2: Verdict.REJECTED}, only=Only.NOT_REJECTED).read_text(
            encoding="utf-8"
        )
    )
    assert {(one["track_id"], one["verdict"]) for one in read["annotations"]} == {(1, "unseen")}
    assert len(read["images"]) == 20


@pytest.mark.parametrize(("only", "loose"), [(Only.ALL, 1), (Only.NOT_REJECTED, 1), (Only.ACCEPTED, 0)])
def test_results_have_what_is_too_brief_to_be_followed(
    only: Only, loose: int, exported: Callable[..., Path], tmp_path: Path
) -> None:
    """Without a track; annotations do not have it, and what was rejected does not come back as such."""
    frames = {index: {1: (20, 30, 40, 30), **({5: (90, 60, 30, 40)} if index == 4 else {})} for index in range(10)}
    events = write_events(tmp_path / "events.jsonl", frames, scores={1: 0.95, 5: 0.2})
    path = exported("coco", events, verdicts=lambda _: {1: Verdict.REJECTED}, only=only)
    results = json.loads(path.read_text(encoding="utf-8"))
    assert [one["image_id"] for one in results if "track_id" not in one] == [5] * loose
    assert len(results) == (11 if only is Only.ALL else loose)
    truth = json.loads(exported("coco-gt", events).read_text(encoding="utf-8"))
    assert {one["track_id"] for one in truth["annotations"]} == {1}
