"""Folders may name a patient: outputs name files only, unless full paths are asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from clipmaker import write_clip
from sink_rig import session

from polyplive.benchmark import modes, process_cost
from polyplive.cli import main
from polyplive.sessions.recorder.recorder import Recorder
from polyplive.sinks.base import SessionNote
from polyplive.sinks.events import EventsSink
from polyplive.types import SessionState, Tally

if TYPE_CHECKING:
    from pathlib import Path

NAME = "DOE-JANE-1950"

CALLS = {
    "replay": ("replay {clip} --headless --record o.mp4 --events o.jsonl --report o.html", "o.jsonl"),
    "evaluate": ("evaluate {clip} --polyp-frames none --json e.json --page e.html", "e.json"),
    "bench": (
        "bench --video {clip} --no-display --no-heatmap --frames 10 --runs 1 --json b.json --chart b.html",
        "b.json",
    ),
}


@pytest.fixture(autouse=True)
def few_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """A benchmark whose figures nobody reads."""
    monkeypatch.setattr(modes, "WARM_UP", 1)
    monkeypatch.setattr(process_cost, "_PAIRS", 2)


@pytest.fixture
def clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / NAME
    folder.mkdir()
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path / "out")
    return write_clip(folder / "clip.mp4", frames=12)


@pytest.mark.parametrize("name", CALLS)
def test_no_output_names_a_folder(name: str, clip: Path, tmp_path: Path) -> None:
    arguments, _ = CALLS[name]
    assert main(arguments.format(clip=clip).split()) == 0
    made = list((tmp_path / "out").iterdir())
    assert len(made) >= 2
    for path in made:
        assert NAME.encode() not in path.read_bytes(), path.name
    assert any(b"clip.mp4" in path.read_bytes() for path in made), "the file's name is there"


@pytest.mark.parametrize("name", CALLS)
def test_full_paths_are_there_on_request(name: str, clip: Path, tmp_path: Path) -> None:
    arguments, output = CALLS[name]
    assert main([*arguments.format(clip=clip).split(), "--full-paths"]) == 0
    assert str(clip) in (tmp_path / "out" / output).read_text(encoding="utf-8")


def test_a_relative_path_is_made_a_full_one(clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(clip.parent)
    events = tmp_path / "out" / "o.jsonl"
    assert main(["replay", "clip.mp4", "--headless", "--events", str(events), "--full-paths"]) == 0
    assert json.loads(events.read_text(encoding="utf-8").splitlines()[0])["source"] == str(clip)


@pytest.mark.parametrize("full_paths", [False, True])
@pytest.mark.parametrize("folder", [f"/data/{NAME}, 2 Mai/", f"C:\\clinic\\{NAME}, 2 Mai\\"], ids=["posix", "windows"])
def test_reasons_name_files_without_folders(tmp_path: Path, folder: str, full_paths: bool) -> None:
    path = tmp_path / "o.jsonl"
    recorder = Recorder([EventsSink(path)], full_paths=full_paths)
    recorder.open(session())
    recorder.note(SessionNote(0.0, SessionState.FAULT, f"Cannot read '{folder}clip.mp4': input/output error."))
    recorder.close(Tally(0, 0, {}), f"error: '{folder}clip.mp4' is gone")
    text = path.read_text(encoding="utf-8")
    assert (NAME in text) is full_paths
    assert text.count("clip.mp4'") == 2
