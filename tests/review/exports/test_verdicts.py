"""What a review file decided comes with the findings."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from polyplive.cli import main
from polyplive.review.decisions import Decision, Verdict
from polyplive.review.exports.linked import LinkedFindings
from polyplive.review.review_content import SCHEMA, Analysis, ReviewContent, encode, stored
from polyplive.system.video_identity import identity_of


@pytest.fixture
def place(events: Path, tmp_path: Path) -> Path:
    """A copy of the events with a review beside it, which accepts the first finding and rejects the second."""
    shutil.copy(events, tmp_path / "events.jsonl")
    write_review(tmp_path, hashlib.sha256(events.read_bytes()).hexdigest())
    return tmp_path


def write_review(folder: Path, sha256: str, numbers: tuple[int, int] = (1, 2)) -> None:
    tracks = LinkedFindings(folder / "events.jsonl").tracks
    verdicts = Verdict.ACCEPTED, Verdict.REJECTED
    findings = tuple(
        stored(replace(track, number=number)).with_decision(Decision(verdict))
        for track, number, verdict in zip(tracks, numbers, verdicts, strict=True)
    )
    identity = identity_of(folder / "events.jsonl")
    content = ReviewContent(SCHEMA, "0", "now", identity, Analysis("m", "0", {}, sha256), findings)
    (folder / "procedure.mp4.review.json").write_bytes(encode(content))


def exported(folder: Path, *words: str) -> dict[int, str]:
    """The verdict by track."""
    out = folder / "truth.json"
    command = ["export-findings", str(folder / "events.jsonl"), "--to", "coco-gt", "--out", str(out), *words]
    assert main(command) == 0
    found = json.loads(out.read_text(encoding="utf-8"))["annotations"]
    return {one["track_id"]: one["verdict"] for one in found}


def test_the_review_beside_the_events_is_taken(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exported(place) == {1: "accepted", 2: "rejected"}
    assert "What was decided is taken from 'procedure.mp4.review.json'." in capsys.readouterr().err
    assert exported(place, "--only", "accepted") == exported(place, "--only", "not-rejected") == {1: "accepted"}


def test_a_review_of_other_events_is_known_again_by_time_and_place(place: Path) -> None:
    write_review(place, "", numbers=(7, 1))
    (place / "procedure.mp4.review.json").rename(place / "other.json")
    assert exported(place) == {1: "unseen", 2: "unseen"}
    assert exported(place, "--review", str(place / "other.json")) == {1: "accepted", 2: "rejected"}


def test_without_a_review_nothing_was_accepted_that_could_be_chosen(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "procedure.mp4.review.json").unlink()
    words = "--to", "coco", "--out", str(place / "new.json"), "--only", "accepted"
    assert main(["export-findings", str(place / "events.jsonl"), *words]) == 2
    assert "--only accepted needs a review" in capsys.readouterr().err


@pytest.mark.parametrize("damage", ["{", "{}"])
def test_a_damaged_review_is_said_in_one_line(damage: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "procedure.mp4.review.json").write_text(damage, encoding="utf-8")
    words = "--to", "coco", "--out", str(place / "new.json")
    assert main(["export-findings", str(place / "events.jsonl"), *words]) == 1
    said = capsys.readouterr().err
    assert "'procedure.mp4.review.json' is no review" in said
    assert said.count("\n") == 1
