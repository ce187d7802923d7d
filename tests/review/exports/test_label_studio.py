"""Label Studio's task."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from written_events import HEIGHT, WIDTH

from .conftest import FIRST, SECOND


def test_boxes_are_per_cent_and_the_last_before_a_gap_ends_it(exported: Callable[..., Path]) -> None:
    (task,) = json.loads(exported("label-studio").read_text(encoding="utf-8"))
    assert task["data"] == {"video": "procedure.mp4"}
    boxes, span, others, _ = task["predictions"][0]["result"]
    sequence = boxes["value"]["sequence"]
    assert [(box["frame"], box["enabled"]) for box in sequence] == [
        (index + 1, index not in (7, 14)) for index in sorted(FIRST)
    ]
    x, y, width, height = FIRST[7]
    there = next(box for box in sequence if box["frame"] == 8)
    places = 100 * x / WIDTH, 100 * y / HEIGHT, 100 * width / WIDTH, 100 * height / HEIGHT
    assert [there[name] for name in ("x", "y", "width", "height")] == pytest.approx(places, abs=1e-4)
    assert there["time"] == pytest.approx(7 / 25)
    assert span["value"]["ranges"] == [{"start": 4, "end": 8}, {"start": 12, "end": 15}]
    assert len(others["value"]["sequence"]) == len(SECOND)
    assert boxes["value"]["framesCount"] == 20
    assert {boxes["type"], span["type"]} == {"videorectangle", "timelinelabels"}
    assert len({one["id"] for one in task["predictions"][0]["result"]}) == 4
