"""``polyplive report``, on a recording with its events beside it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from review_rig import found_in

from polyplive.cli import main
from polyplive.review.decisions import Verdict
from polyplive.review.events_file import EventsFile
from polyplive.review.linking import Linker
from polyplive.review.storage import open_review
from polyplive.review.timeline import Timeline

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

FOUND = {index: {1: 0.9, **({2: 0.8} if index > 25 else {})} for index in range(10, 40)}


def test_the_review_that_lies_beside_the_video_is_in_the_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    video, events = found_in(tmp_path, FOUND, frames=50)
    linker, file = Linker(1 / 25), EventsFile(events)
    for frame in file.frames():
        linker.add(frame)
    review = open_review(video, by="A. Reader")
    review.timeline = Timeline(2.0, ((0.0, 2.0),), linker.tracks())
    review.decide(2, Verdict.ACCEPTED)
    assert review.close()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    page, pdf = tmp_path / "report.html", tmp_path / "report.pdf"
    assert main(["report", str(video), "--events", str(events), "--page", str(page)]) == 0
    assert "Written" in capsys.readouterr().out
    text = page.read_text(encoding="utf-8")
    assert (
        text.index("Accepted findings") < text.index('scope="row">Polyp 2<') < text.index("Findings that nobody judged")
    )
    assert "A. Reader" in text
    without_screen = {name: value for name, value in os.environ.items() if name not in ("QT_QPA_PLATFORM", "DISPLAY")}
    command = [sys.executable, "-m", "polyplive", "report", str(video), "--events", str(events), "--pdf", str(pdf)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=without_screen)
    assert (done.returncode, done.stderr) == (0, "")
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.name in before} == before


def test_what_is_missing_is_said_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    video, events = found_in(tmp_path, FOUND, frames=15)
    events.rename(tmp_path / "other.jsonl")
    for options, said in (
        ([], "--page"),
        (["--page", str(tmp_path / "r.txt")], ".html"),
        (["--pdf", str(tmp_path / "r.html")], ".pdf"),
        (["--page", str(tmp_path / "r.html"), "--events", str(video)], "no events file"),
    ):
        assert main(["report", str(video), *options]) in (1, 2)
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 1
        assert said in lines[0]
    assert not (tmp_path / "r.html").exists()
