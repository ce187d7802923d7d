"""A rendered procedure of 84 seconds with four polyps: what is true of it, and what the fast model found, as boxes.

``rendered_findings.json`` was made of real detections, and is made anew so::

    python -m polyplive.assets.render_procedure --minutes 1.4 --polyps 4 --out FOLDER
    polyplive replay FOLDER/procedure.mp4 --headless --no-heatmap --model polyplive-fast --events FOLDER/events.jsonl
    python tests/review/rendered_findings.py FOLDER

Its rows are ``[frame, polyp, x, y, width, height]`` (truth) and ``[frame, score, x, y, width, height, area]`` (found).
"""

from __future__ import annotations

import json
import sys
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from polyplive.review.events_file import EventsFile
from polyplive.review.findings import FrameFindings
from polyplive.types import Detection

STORED = Path(__file__).with_suffix(".json")


def stored() -> dict[str, Any]:
    """``fps``, ``frames``, ``width``, ``height``, and the rows of ``truth`` and ``found``."""
    document: dict[str, Any] = json.loads(STORED.read_text(encoding="utf-8"))
    return document


def frames_of(document: dict[str, Any]) -> list[FrameFindings]:
    """The frames in which anything was found, in order. Each detection has a number of its own."""
    frames = []
    for index, rows in groupby(enumerate(document["found"], 1), key=lambda row: row[1][0]):
        found = tuple(
            Detection(number, score, tuple(box), area, np.zeros((0, 2), np.int32))
            for number, (_, score, *box, area) in rows
        )
        time_s = index / document["fps"]
        frames.append(FrameFindings(index, time_s, document["width"], document["height"], found))
    return frames


def store(folder: Path) -> None:
    """Write the file from a folder with a procedure's truth and events."""
    truth = json.loads((folder / "procedure-truth.json").read_text(encoding="utf-8"))
    numbers = {image["id"]: image["frame_id"] for image in truth["images"]}
    true = [[numbers[one["image_id"]], one["track_id"], *one["bbox"]] for one in truth["annotations"] if one["area"]]
    events = EventsFile(folder / "events.jsonl")
    found = [[frame.index, one.score, *one.bbox, one.area_px] for frame in events.frames() for one in frame.detections]
    size = {"width": truth["videos"][0]["width"], "height": truth["videos"][0]["height"]}
    facts = {"fps": events.session.fps, "frames": len(numbers), **size, "model_sha256": events.session.model_sha256}
    text = json.dumps({**facts, "truth": true, "found": found}, separators=(",", ":"))
    STORED.write_text(text.replace("],[", "],\n[") + "\n", encoding="utf-8")


if __name__ == "__main__":
    store(Path(sys.argv[1]))
