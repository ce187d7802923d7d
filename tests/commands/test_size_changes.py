"""Commands over a recording that changes its picture's size, with the shipped model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import av
import pytest
from discs import EACH, SIZES, TOTAL, changing, size_of

from polyplive.cli import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def video(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return changing(tmp_path / "joined.ts")


def test_a_replay_writes_each_size_to_its_own_file_and_says_so(video: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--record", "o.mp4", "--events", "e.jsonl", "--report", "r.html"]
    assert main(["replay", video.name, "--headless", *options]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == "Written: o.mp4, o-002.mp4, o-003.mp4, e.jsonl, r.html"
    assert "The picture changed its size 2 times; coordinates are pixels of each frame's own" in said
    found = []
    for name in ("o.mp4", "o-002.mp4", "o-003.mp4"):
        with av.open(name) as recorded:
            frames = list(recorded.decode(video=0))
            found.append(({(frame.width, frame.height) for frame in frames}, len(frames)))
    assert found == [({size}, EACH) for size in SIZES]
    lines = [json.loads(line) for line in video.with_name("e.jsonl").read_text().splitlines()]
    sizes = {line["index"]: (line["width"], line["height"]) for line in lines if line["type"] == "size"}
    assert sizes == {EACH: SIZES[1], 2 * EACH: SIZES[2]}
    for line in lines:
        for one in line.get("detections", []):
            width, height = size_of(line["index"])
            assert all(0 <= x < width and 0 <= y < height for x, y in one["contour"])


def test_an_evaluation_follows_every_frame(video: Path) -> None:
    assert main(["evaluate", video.name, "--polyp-frames", f"0-{TOTAL - 1}", "--json", "figures.json"]) == 0
    figures = json.loads(video.with_name("figures.json").read_text())
    assert (figures["n"], figures["lost"]) == (TOTAL, {})
    assert [mark["index"] for mark in figures["frames"]] == list(range(TOTAL))
