"""CVAT's file: its tracks, and datumaro, which reads it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
from written_events import write_events

from polyplive.review.decisions import Verdict
from polyplive.review.exports.base import ExportOptions

from .conftest import FIRST, SECOND, placed


def shapes(track: ET.Element) -> list[tuple[int, bool]]:
    """Frame, and whether it is outside there, of each shape."""
    assert all(shape.attrib["keyframe"] == "1" for shape in track)
    return [(int(shape.attrib["frame"]), shape.attrib["outside"] == "1") for shape in track]


def test_a_track_ends_where_its_finding_does(exported: Callable[..., Path]) -> None:
    """At a gap as well, and not where the recording does."""
    root = ET.parse(exported("cvat")).getroot()
    first, second = root.findall("track")
    seen = [(index, False) for index in FIRST]
    assert shapes(first) == sorted([*seen, (8, True), (15, True)])
    assert shapes(second) == [(index, False) for index in SECOND]
    assert [root.findtext(f"meta/task/{name}") for name in ("size", "mode")] == ["20", "interpolation"]
    assert [root.findtext(f"meta/task/original_size/{name}") for name in ("width", "height")] == ["160", "128"]


def test_frames_that_nobody_looked_at_end_no_track(exported: Callable[..., Path], tmp_path: Path) -> None:
    frames = {index: found for index, found in placed().items() if index not in (4, 5, 19)}
    source = write_events(tmp_path / "events.jsonl", frames, known=30, scores={1: 0.9}, ended=False)
    first, second = ET.parse(exported("cvat", source)).getroot().findall("track")
    assert (5, True) not in shapes(first)
    assert (8, True) in shapes(first)
    assert shapes(second)[-2:] == [(18, False), (19, True)]


def test_what_was_decided_stands_in_it(exported: Callable[..., Path]) -> None:
    root = ET.parse(exported("cvat", verdicts=lambda _: {2: Verdict.REJECTED})).getroot()
    said = {one.attrib["name"]: one.text for one in root.findall("track")[1][0]}
    assert said == {"finding": "2", "verdict": "rejected", "score": "0.6000"}
    named = {one.findtext("name") for one in root.iter("attribute") if one.find("name") is not None}
    assert named == said.keys()


def test_boxes_reach_over_whole_pixels(exported: Callable[..., Path]) -> None:
    root = ET.parse(exported("cvat", options=ExportOptions(boxes=True))).getroot()
    box = root.find("track/box").attrib
    assert [float(box[name]) for name in ("xtl", "ytl", "xbr", "ybr")] == [23, 30, 63, 60]


def test_a_name_that_xml_cannot_hold(exported: Callable[..., Path], tmp_path: Path) -> None:
    source = write_events(tmp_path / "events.jsonl", placed(), name="a<b>&\"'\x01\ufffe.mp4")
    root = ET.parse(exported("cvat", source)).getroot()
    assert root.findtext("meta/task/name") == "a<b>&\"'\ufffd\ufffd.mp4"


@pytest.mark.parametrize("at", [10, 0])
def test_another_size_is_told_in_the_first(at: int, exported: Callable[..., Path], tmp_path: Path) -> None:
    frames = {index: {1: (40, 40, 40, 40)} for index in range(20)}
    source = write_events(tmp_path / "events.jsonl", frames, sizes={at: (320, 256)})
    root = ET.parse(exported("cvat", source, options=ExportOptions(boxes=True))).getroot()
    last = root.findall("track")[-1].findall("box")[-1].attrib
    assert float(last["xtl"]) == (20 if at else 40)
    assert root.findtext("meta/task/original_size/width") == ("160" if at else "320")
