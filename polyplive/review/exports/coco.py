"""COCO: results as a detector's (``coco``), and annotations as a data set's (``coco-gt``).

Described at cocodataset.org, "Data format" and "Results format". A picture's id is its frame's number from 1, since
some readers take 0 for nothing; its name has the number from 0, as events do. ``track_id`` is the track's number.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from polyplive.review.exports.base import ExportFormat, ExportOptions
from polyplive.review.exports.run_length import segmentation
from polyplive.review.exports.texts import TextFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from polyplive.review.exports.linked import LinkedFinding, LinkedFindings, LinkedFrame
    from polyplive.types import Detection

PICTURE = ".png"
"""The ending of the pictures' names."""


def results(findings: LinkedFindings) -> Iterator[dict[str, Any]]:
    """Each finding as an entry of COCO's results, frame by frame; ``file_name`` names its picture besides.

    A finding with too little evidence to be in a track is one as well, without ``track_id``: curves need it.
    """
    categories = _categories(findings)
    for frame in findings.frames():
        picture = {"image_id": frame.index + 1, "file_name": findings.frame_name(frame.index, PICTURE)}
        for finding in frame.findings:
            number = categories[finding.label]
            yield {**picture, "category_id": number, **_result(frame, finding.detection), "track_id": finding.track}
        for detection in frame.loose if findings.takes_loose else ():
            yield {**picture, "category_id": 1, **_result(frame, detection)}


def _result(frame: LinkedFrame, detection: Detection) -> dict[str, Any]:
    region, _ = segmentation(detection.contour, frame.width, frame.height)
    return {"bbox": list(detection.bbox), "segmentation": region, "score": detection.score}


def write_results(findings: LinkedFindings, path: Path, options: ExportOptions) -> None:
    """Write ``results`` as one list."""
    with TextFile(path) as file:
        _write_list(file, results(findings))
        file.write("\n")


def write_ground_truth(findings: LinkedFindings, path: Path, options: ExportOptions) -> None:
    """Write every analysed frame as a picture, and every finding as an annotation."""
    with TextFile(path) as file:
        file.write(f'{{"info": {_text(_info(findings))},\n"licenses": [],\n"categories": ')
        names = _categories(findings).items()
        _write_list(file, ({"id": number, "name": name, "supercategory": ""} for name, number in names))
        file.write(',\n"videos": ')
        size = {"width": findings.size[0], "height": findings.size[1]}
        _write_list(file, [{"id": 1, "name": findings.name, **size}])
        file.write(',\n"images": ')
        _write_list(file, (_image(findings, frame) for frame in findings.frames()))
        file.write(',\n"annotations": ')
        _write_list(file, _annotations(findings))
        file.write("}\n")


def _categories(findings: LinkedFindings) -> Mapping[str, int]:
    return {label: number for number, label in enumerate(findings.labels, 1)}


def _info(findings: LinkedFindings) -> dict[str, Any]:
    session = findings.session
    return {
        "description": f"Findings of {session.model} in {findings.name}",
        "version": session.version,
        "date_created": session.started,
        "fps": session.fps,
        "sample_aspect": session.sample_aspect,
        "model_sha256": session.model_sha256,
    }


def _image(findings: LinkedFindings, frame: LinkedFrame) -> dict[str, Any]:
    return {
        "id": frame.index + 1,
        "file_name": findings.frame_name(frame.index, PICTURE),
        "width": frame.width,
        "height": frame.height,
        "video_id": 1,
        "frame_id": frame.index,
        "time_s": round(frame.time_s, 6),
    }


def _annotations(findings: LinkedFindings) -> Iterator[dict[str, Any]]:
    categories, number = _categories(findings), 0
    for frame in findings.frames():
        for finding in frame.findings:
            number += 1
            yield {
                "id": number,
                "image_id": frame.index + 1,
                "category_id": categories[finding.label],
                **_region(frame, finding),
                "iscrowd": 0,
                "track_id": finding.track,
                "unique_id": f"{findings.stem}_{finding.track}",
                "score": finding.detection.score,
                "verdict": finding.verdict.value,
            }


def _region(frame: LinkedFrame, finding: LinkedFinding) -> dict[str, Any]:
    region, area = segmentation(finding.detection.contour, frame.width, frame.height)
    return {"bbox": list(finding.detection.bbox), "segmentation": region, "area": area}


def _write_list(file: TextFile, items: Iterable[dict[str, Any]]) -> None:
    separator = "[\n"
    for item in items:
        file.write(separator + _text(item))
        separator = ",\n"
    file.write("[]" if separator == "[\n" else "\n]")


def _text(values: Mapping[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


COCO_RESULTS = ExportFormat("coco", "COCO results: a box, a mask and a score for each finding", ".json", write_results)
COCO_GROUND_TRUTH = ExportFormat(
    "coco-gt", "COCO annotations: every analysed frame, and its findings as truth", ".json", write_ground_truth
)
