"""Tracks of a rendered procedure: each polyp is one, as TrackEval and TRUE-Colon count."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest
from oracle import ask

from polyplive.evaluation.procedures.boxes import Finding, Found, FrameKey, SeenLesion, Truth, overlap
from polyplive.evaluation.procedures.run import evaluate_procedures
from polyplive.review.linking import Linker

from .rendered_findings import frames_of, stored

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.review.tracks import Track

POLYPS = {1, 2, 3, 4}

TRACKED = """
import contextlib, json, sys
import numpy, trackeval
rows = json.load(open(sys.argv[1]))
def by_frame(name):
    frames = [([], []) for _ in range(rows["frames"])]
    for frame, number, *box in rows[name]:
        frames[frame][0].append(number)
        frames[frame][1].append(box)
    return [(numpy.array(ids, int) - 1, numpy.array(boxes, float).reshape(-1, 4)) for ids, boxes in frames]
true, tracked = by_frame("truth"), by_frame("tracked")
similarity = trackeval.datasets._base_dataset._BaseDataset._calculate_box_ious
data = {
    "num_timesteps": rows["frames"], "num_gt_dets": len(rows["truth"]), "num_tracker_dets": len(rows["tracked"]),
    "num_gt_ids": len({row[1] for row in rows["truth"]}), "num_tracker_ids": max(row[1] for row in rows["tracked"]),
    "gt_ids": [ids for ids, _ in true], "tracker_ids": [ids for ids, _ in tracked],
    "similarity_scores": [similarity(a, b, "xywh") for (_, a), (_, b) in zip(true, tracked)],
}
figures = {}
with contextlib.redirect_stdout(sys.stderr):
    for metric in ("HOTA", "CLEAR", "Identity"):
        figures |= getattr(trackeval.metrics, metric)().eval_sequence(data)
print(json.dumps({name: float(numpy.mean(figures[name])) for name in ("HOTA", "AssA", "IDSW", "IDF1", "MOTA")}))
"""


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return stored()


@pytest.fixture(scope="module")
def tracks(document: dict[str, Any]) -> tuple[Track, ...]:
    linker = Linker(1 / document["fps"])
    for frame in frames_of(document):
        linker.add(frame)
    return linker.tracks()


def test_each_polyp_is_one_track_and_no_track_is_two(document: dict[str, Any], tracks: tuple[Track, ...]) -> None:
    """Polyp 1 is out of view for five seconds, 2 and 3 are in view together and out of focus, 4 is under stool."""
    true = defaultdict(list)
    for frame, polyp, *box in document["truth"]:
        true[frame].append((polyp, tuple(box)))
    met = {
        (polyp, track.number)
        for track in tracks
        for one in track.sightings
        for polyp, box in true[one.index]
        if overlap(one.box, box) >= 0.3
    }
    assert len(met) == len(POLYPS) == len({polyp for polyp, _ in met}) == len({number for _, number in met})
    assert len({one[0] for one in document["found"]}) > 500
    assert len(tracks) <= len(POLYPS) + 4, "what is marked outside of the body, and stool"


def test_trackeval_counts_no_switch(document: dict[str, Any], tracks: tuple[Track, ...], tmp_path: Path) -> None:
    tracked = [[one.index, track.number, *one.box] for track in tracks for one in track.sightings]
    rows = tmp_path / "rows.json"
    rows.write_text(json.dumps({"frames": document["frames"], "truth": document["truth"], "tracked": tracked}))
    figures = ask(TRACKED, rows)
    assert figures["IDSW"] == 0
    assert figures["IDF1"] > 0.65
    assert figures["AssA"] > 0.5


def test_true_colon_finds_every_lesion_soon_and_few_alerts(document: dict[str, Any], tracks: tuple[Track, ...]) -> None:
    pytest.importorskip("true_colon")
    truth = Truth({FrameKey("procedure", index): [] for index in range(document["frames"])}, document["fps"])
    for frame, polyp, *box in document["truth"]:
        truth.frames[FrameKey("procedure", frame)].append(SeenLesion(f"procedure_{polyp}", tuple(box)))
    found = Found(fps=document["fps"])
    for track in tracks:
        for one in track.sightings:
            found.frames.setdefault(FrameKey("procedure", one.index), []).append(Finding(one.score, one.box))
    figures = evaluate_procedures(truth, found, {})
    assert figures["differences"] == []
    assert all(one["latency_s"] is not None for one in figures["lesion_records"])
    assert len(figures["lesion_records"]) == len(POLYPS)
    assert figures["latency_s"]["median"] < 8, "from the first pixel on that shows it, far away"
    assert figures["false_alerts"]["n"] <= 4, "two of them outside of the body"
