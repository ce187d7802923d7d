"""What holds for every format: files whole or not at all, and recordings that are not as one would wish."""

from __future__ import annotations

import json
import os
import resource
import signal
import stat
from fractions import Fraction
from pathlib import Path

import pytest
from written_events import write_events

from polyplive.errors import ConfigError, DataError, SinkError
from polyplive.review.exports.export import export_findings
from polyplive.review.exports.linked import LinkedFindings
from polyplive.review.exports.registry import FORMATS, find_format

from .conftest import FIRST, SECOND, placed

OF_EVENTS = [name for name, form in FORMATS.items() if "video" not in form.options]
"""Those that need nothing but the events."""
EVERY = pytest.mark.parametrize("name", OF_EVENTS)


@EVERY
def test_files_are_private_and_nothing_else_is_left(name: str, events: Path, tmp_path: Path) -> None:
    form = find_format(name)
    path = tmp_path / "new folder" / f"findings{form.ending}"
    done = export_findings(events, form, path)
    assert (done.tracks, done.sightings, done.notices) == (2, len(FIRST) + len(SECOND), ())
    assert list(path.parent.iterdir()) == [path]
    for file in (path, *path.rglob("*")):
        assert stat.S_IMODE(file.stat().st_mode) == (0o700 if file.is_dir() else 0o600)


@EVERY
def test_of_a_recording_without_a_finding_or_a_frame(name: str, tmp_path: Path) -> None:
    form = find_format(name)
    for number, frames in enumerate(({}, {0: {}, 1: {}})):
        events = write_events(tmp_path / f"{number}.jsonl", frames)
        done = export_findings(events, form, tmp_path / f"{number}{form.ending}")
        assert (done.tracks, done.sightings) == (0, 0)
        assert done.path.exists()


@EVERY
def test_a_disk_that_is_full_leaves_nothing_new_and_the_earlier_file(
    name: str, events: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = find_format(name)
    path = tmp_path / f"findings{form.ending}"
    if not form.is_folder:
        path.write_text("earlier", encoding="utf-8")
    before, caught = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(SinkError, match="No room left"):
            export_findings(events, form, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, caught)
    assert [file.read_text(encoding="utf-8") for file in tmp_path.iterdir()] == ([] if form.is_folder else ["earlier"])


def test_a_folder_that_holds_something_is_not_touched(events: Path, tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("kept", encoding="utf-8")
    with pytest.raises(ConfigError, match="not empty"):
        export_findings(events, find_format("masks"), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]
    with pytest.raises(ConfigError, match="is a file"):
        export_findings(events, find_format("mot"), tmp_path / "kept.txt")
    with pytest.raises(ConfigError, match="is a folder"):
        export_findings(events, find_format("cvat"), tmp_path)


def test_an_empty_folder_is_taken(events: Path, tmp_path: Path) -> None:
    (tmp_path / "masks").mkdir()
    assert (export_findings(events, find_format("masks"), tmp_path / "masks").path / "tracks.csv").is_file()


def test_a_file_cut_short_is_exported_as_far_as_it_goes(events: Path, tmp_path: Path) -> None:
    lines = events.read_bytes().splitlines(keepends=True)
    cut = tmp_path / "cut.jsonl"
    cut.write_bytes(b"".join(lines[:12]) + lines[12][:40])
    assert LinkedFindings(cut).analysed == 11


def test_a_session_that_went_back_gives_each_frame_once_and_in_order(tmp_path: Path) -> None:
    """Frames come out of order and some of them twice; the finding that goes on from 7 to 11 after a jump is there."""
    frames = placed()
    order = [*range(8, 20), *range(10)]
    shown = write_events(tmp_path / "shown.jsonl", {})
    parts = [write_events(tmp_path / f"{index}.jsonl", {index: frames[index]}) for index in range(20)]
    lines = [parts[index].read_bytes().splitlines(keepends=True)[1] for index in order]
    shown.write_bytes(shown.read_bytes().splitlines(keepends=True)[0] + b"".join(lines))
    read = LinkedFindings(shown)
    assert [frame.index for frame in read.frames()] == list(range(20))
    assert sum(len(frame.findings) for frame in read.frames()) == len(FIRST) + len(SECOND)


def test_what_one_has_to_know_is_said(tmp_path: Path) -> None:
    events = write_events(
        tmp_path / "events.jsonl",
        {index: {1: (20, 30, 40, 30)} for index in range(4)},
        sizes={2: (320, 256)},
        aspect=Fraction(4, 3),
        stereo="left",
        known=10,
        ended=False,
    )
    sizes = "changes its size"
    said = " ".join(export_findings(events, find_format("mot"), tmp_path / "mot").notices)
    assert all(words in said for words in ("6 frames of 10 were not analysed", sizes, "160x128", "left half", "1.3333"))
    assert sizes not in " ".join(export_findings(events, find_format("coco"), tmp_path / "coco.json").notices)


@pytest.mark.parametrize("broken", ['{"type":"frame","index":1}', '{"type":"frame","index":1,"pts_s":NaN}', "[]"])
def test_a_line_that_is_no_event_is_said_in_one_line(broken: str, events: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_bytes(events.read_bytes() + broken.encode() + b"\n")
    with pytest.raises(DataError, match="is no events file"):
        export_findings(bad, find_format("coco"), tmp_path / "coco.json")
    assert [path.name for path in tmp_path.iterdir()] == ["bad.jsonl"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_of_others_is_said_in_one_line(events: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(SinkError, match="permission denied"):
        export_findings(events, find_format("masks"), tmp_path / "masks")
    tmp_path.chmod(0o700)


def test_names_hold_no_folder(tmp_path: Path) -> None:
    events = write_events(tmp_path / "events.jsonl", placed(), name="/home/Doe Jane/procedure.mp4")
    for name in OF_EVENTS:
        path = export_findings(events, find_format(name), tmp_path / name).path
        for file in (path, *path.rglob("*")):
            assert file.is_dir() or b"Doe" not in file.read_bytes(), file
            assert "Doe" not in file.name
    results = json.loads((tmp_path / "coco").read_text(encoding="utf-8"))
    assert results[0]["file_name"] == "procedure_000003.png"
