"""``polyplive export-findings``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from polyplive.cli import cli, main
from polyplive.review.exports.registry import FORMATS


def test_it_says_what_it_found_and_wrote(events: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "findings.json"
    assert main(["export-findings", str(events), "--to", "coco", "--out", str(path)]) == 0
    assert len(json.loads(path.read_text(encoding="utf-8"))) == 23
    assert capsys.readouterr().out == f"2 findings, seen 23 times in all\nWritten: {path}\n"


def test_its_help_names_every_format() -> None:
    said = " ".join((cli.commands["export-findings"].help or "").replace(",", " ").replace(".", " ").split())
    assert all(f" {name} " in f" {said} " for name in FORMATS)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--to", "yolo", "--out", "{new}"), "No export format 'yolo'. Choose coco, "),
        (("--to", "mot", "--out", "{new}", "--boxes"), "'mot' has no --boxes"),
        (("--to", "coco", "--out", "{events}"), "--out would overwrite the events themselves"),
        (("--to", "coco", "--out", "{folder}"), "is a folder, and 'coco' writes a file"),
    ],
)
def test_what_does_not_go_together_is_said_in_one_line(
    arguments: tuple[str, ...], says: str, events: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = events.read_bytes()
    words = [word.format(new=tmp_path / "new", events=events, folder=tmp_path) for word in arguments]
    assert main(["export-findings", str(events), *words]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1
    assert events.read_bytes() == before


def test_what_is_no_events_file_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "other.json").write_text("{}\n", encoding="utf-8")
    assert main(["export-findings", str(tmp_path / "other.json"), "--to", "coco", "--out", str(tmp_path / "a")]) == 1
    assert "'other.json' is no events file" in capsys.readouterr().err
