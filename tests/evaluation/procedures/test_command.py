"""``polyplive evaluate-procedures``: from events and COCO results to tables, JSON and page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from checked_page import CheckedPage, loads_nothing
from written_events import write_events

from polyplive.cli import main
from polyplive.review.exports.export import export_findings
from polyplive.review.exports.registry import find_format

from .procedures import result, truth_document, written

ON = (20, 30, 40, 30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """truth.json of 40 frames with one lesion in 10 to 29; events.jsonl that find it from 12 on; the same as COCO's."""
    folder = tmp_path_factory.mktemp("Doe Jane")
    written(
        folder / "truth.json", truth_document({"clip": {index: {"1": list(ON)} for index in range(10, 30)}}, 40, 25.0)
    )
    frames = {index: {1: ON} if 12 <= index < 30 else {} for index in range(40)}
    write_events(folder / "events.jsonl", frames, name="clip.mp4")
    export_findings(folder / "events.jsonl", find_format("coco"), folder / "results.json")
    bare = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    written(folder / "bare.json", [{key: one[key] for key in ("image_id", "bbox", "score")} for one in bare])
    write_events(folder / "renamed.jsonl", frames, name="other.mp4")
    return folder


def evaluate(folder: Path, *words: object) -> int:
    return main(["evaluate-procedures", *(str(word) for word in words)])


@pytest.mark.parametrize("name", ["events.jsonl", "results.json", "bare.json", "renamed.jsonl"])
def test_events_and_results_give_the_same(
    name: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = "--json", tmp_path / "figures.json", "--page", tmp_path / "page.html"
    assert evaluate(folder, folder / "truth.json", folder / name, *outputs) == 0
    figures = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert figures["lesion_records"][0]["latency_frames"] == 2
    assert figures["frames_with_lesion"] == {"count": 18, "of": 20, "rate": 0.9}
    assert (figures["schema"], figures["kind"], figures["fps"]) == (1, "procedures", 25.0)
    assert figures["differences"] == []
    assert (figures["annotation_delay_ms"] is None) == name.endswith(".json")
    said = capsys.readouterr().out
    assert "1 of 1 (100 %)" in said
    assert "TRUE-Colon 0.1.1 gives the same counts." in said
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert loads_nothing(page)
    assert "Doe" not in page
    read = CheckedPage(page)
    assert {"FROC", "False alerts an hour", "clip_1"} <= set(read.texts)
    assert read.tags.count("figure") == 3


def test_delays_of_a_live_session_are_taken_where_they_are_given(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(folder, folder / "truth.json", folder / "results.json", "--delays", folder / "events.jsonl") == 0
    assert "24 ms (median), 29 ms (99th percentile), added above" in capsys.readouterr().out


def test_a_threshold_matched_on_the_same_recording_is_told_apart(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = folder / "truth.json", folder / "results.json"
    words = "--validation-truth", files[0], "--validation-found", files[1], "--target-fpr", 0.1
    assert evaluate(folder, *files, *words) == 0
    assert "which is the recording evaluated: its figures are too good" in capsys.readouterr().out


BAD = {
    "none": ({}, "no COCO ground truth"),
    "unnamed": ({"images": [{"id": 1, "file_name": "a.png"}]}, "'a.png' names no frame"),
    "twice": (
        {"images": [{"id": 1, "file_name": "a_1.png"}, {"id": 2, "file_name": "a_01.jpg"}]},
        "'a_1' is listed twice",
    ),
    "empty": ({"images": []}, "it lists no frame"),
    "no lesion": (
        {"images": [{"id": 1, "file_name": "a_1.png"}], "annotations": [{"image_id": 1, "bbox": [0, 0, 1, 1]}]},
        "no COCO ground truth with names, boxes and lesions",
    ),
    "all negative": ({"images": [{"id": 1, "file_name": "a_1.png"}], "info": {"fps": 25}}, "TRUE-Colon refuses"),
    "no rate": (truth_document({"clip": {1: {"1": [0, 0, 5, 5]}}}, 40, None), "Add --fps"),
}


@pytest.mark.parametrize("what", BAD)
def test_truth_that_is_none_is_said_in_one_line(
    what: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document, says = BAD[what]
    truth = written(tmp_path / "truth.json", document)
    assert evaluate(folder, truth, written(tmp_path / "results.json", [])) == 1
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("results", "says"),
    [
        ([result("other", index, [0, 0, 5, 5], 0.5) for index in range(9)], "9 of 9 findings lie in frames that"),
        ([{"image_id": 1}], "no COCO results with pictures, boxes and scores"),
        ([result("clip", 1, [0, 0, 5], 0.5)], "no COCO results with"),
        ("text", "neither COCO results nor events"),
    ],
)
def test_findings_that_do_not_belong_are_said_in_one_line(
    results: object, says: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(folder, folder / "truth.json", written(tmp_path / "results.json", results)) == 1
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--target-fpr", "0.1"), "--target-fpr is matched on a validation recording"),
        (("--validation-found", "{folder}/results.json"), "belong together"),
        (("--json", "{folder}/truth.json"), "would overwrite"),
        (("--fps", "0"), "--fps"),
    ],
)
def test_options_that_do_not_go_together(
    words: tuple[str, ...], says: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [word.format(folder=folder) for word in words]
    assert evaluate(folder, folder / "truth.json", folder / "results.json", *given) == 2
    assert says in capsys.readouterr().err
