"""Exports as datumaro and TrackEval read them, all in one process of their own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from oracle import ask
from written_events import ellipse

from polyplive.review.exports.export import export_findings
from polyplive.review.exports.registry import find_format

from .conftest import FIRST, SECOND

READ = """
import contextlib, json, os, shutil, sys
import datumaro, numpy, trackeval
cvat, mot, work = sys.argv[1:]
shapes = [
    [item.attributes["frame"], shape.attributes["finding"], shape.attributes["outside"], list(shape.points)]
    for item in datumaro.Dataset.import_from(cvat, "cvat") for shape in item.annotations
]
boxes = [
    [int(item.id), box.attributes["track_id"], box.get_bbox()]
    for item in datumaro.Dataset.import_from(mot, "mot_seq") for box in item.annotations
]
os.makedirs(f"{work}/gt/MOT17-train")
shutil.copytree(mot, f"{work}/gt/MOT17-train/clip")
os.makedirs(f"{work}/trackers/MOT17-train/ours/data")
shutil.copy(f"{mot}/det/det.txt", f"{work}/trackers/MOT17-train/ours/data/clip.txt")
with open(f"{work}/seqmap.txt", "w") as file:
    file.write("name\\nclip\\n")
quiet = {"PRINT_CONFIG": False}
with contextlib.redirect_stdout(sys.stderr):
    data = trackeval.datasets.MotChallenge2DBox({
        "GT_FOLDER": f"{work}/gt", "TRACKERS_FOLDER": f"{work}/trackers", "SEQMAP_FILE": f"{work}/seqmap.txt",
        "BENCHMARK": "MOT17", "SPLIT_TO_EVAL": "train", "DO_PREPROC": False, **quiet,
    })
    sequence = data.get_preprocessed_seq_data(data.get_raw_seq_data("ours", "clip"), "pedestrian")
    figures = {**trackeval.metrics.CLEAR(quiet).eval_sequence(sequence),
               **trackeval.metrics.Identity(quiet).eval_sequence(sequence)}
tracked = {name: float(figures[name]) for name in ("CLR_TP", "CLR_FP", "CLR_FN", "IDSW", "IDF1")}
print(json.dumps({"shapes": shapes, "boxes": boxes, "tracked": tracked}))
"""


@pytest.fixture(scope="module")
def read(events: Path, tmp_path_factory: pytest.TempPathFactory) -> dict:
    folder = tmp_path_factory.mktemp("exports")
    paths = [folder / "findings.xml", folder / "mot"]
    for path, name in zip(paths, ("cvat", "mot"), strict=True):
        export_findings(events, find_format(name), path)
    return ask(READ, *paths, folder / "work")


def test_datumaro_reads_every_shape_of_cvat(read: dict) -> None:
    seen = {(frame, finding): points for frame, finding, outside, points in read["shapes"] if not outside}
    assert seen.keys() == {(index, "1") for index in FIRST} | {(index, "2") for index in SECOND}
    assert len(read["shapes"]) == len(seen) + 2
    assert np.allclose(np.reshape(seen[7, "1"], (-1, 2)), ellipse(FIRST[7]) + 0.5)


def test_datumaro_reads_every_box_of_mot(read: dict) -> None:
    found = {(frame, track): tuple(box) for frame, track, box in read["boxes"]}
    assert found[8, 1] == FIRST[7]
    assert found[8, 2] == SECOND[7]
    assert len(found) == len(FIRST) + len(SECOND)


def test_trackeval_finds_no_fault_in_a_recording_against_itself(read: dict) -> None:
    assert read["tracked"] == {"CLR_TP": len(FIRST) + len(SECOND), "CLR_FP": 0, "CLR_FN": 0, "IDSW": 0, "IDF1": 1}
