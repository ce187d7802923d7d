"""Outputs are tried before the work: one policy for all commands, and files for their owner alone."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest
from clipmaker import write_clip

from polyplive.cli import main

if sys.platform != "linux":
    pytest.skip("needs a folder in which nobody can make anything: Linux' /proc", allow_module_level=True)

NOWHERE = "/proc/nowhere"
LIVE = ("live", "screen:99.0", "--headless")
"""A screen that is not there, which only the session would find out."""


@pytest.fixture
def clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_clip(tmp_path / "clip.mp4", frames=3)
    (tmp_path / "in-the-way").write_text("a file")
    return tmp_path / "clip.mp4"


CALLS = [
    ("replay", "clip.mp4", "--headless", "--record", "{}/out.mp4"),
    ("replay", "clip.mp4", "--headless", "--events", "{}/out.jsonl"),
    ("replay", "clip.mp4", "--headless", "--report", "{}/out.html"),
    ("replay", "clip.mp4", "--headless", "--snapshots", "{}/folder"),
    (*LIVE, "--record", "{}/out.mp4"),
    (*LIVE, "--record-raw", "{}/out.mkv"),
    (*LIVE, "--events", "{}/out.jsonl"),
    (*LIVE, "--report", "{}/out.html"),
    (*LIVE, "--snapshots", "{}/folder"),
    ("demo", "--output", "{}/folder"),
    ("bench", "--json", "{}/out.json"),
    ("bench", "--chart", "{}/out.html"),
    ("evaluate", "clip.mp4", "--polyp-frames", "none", "--json", "{}/out.json"),
    ("evaluate", "clip.mp4", "--polyp-frames", "none", "--page", "{}/out.html"),
    ("train", "--data", ".", "--out", "{}/run"),
    ("export", "clip.mp4", "--out", "{}/engines"),
]


@pytest.mark.parametrize("place", [NOWHERE, "in-the-way"])
@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call[0]} {call[-2]}")
def test_an_output_that_cannot_be_is_one_line_before_the_work(
    call: tuple[str, ...], place: str, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if call[0] in ("train", "export"):
        pytest.importorskip("torch")
    before = sorted(clip.parent.iterdir())
    assert main([argument.format(place) for argument in call]) in (1, 2)
    (line,) = capsys.readouterr().err.splitlines()  # the model that is opened would be another
    assert place in line
    assert sorted(clip.parent.iterdir()) == before


@pytest.mark.parametrize("call", [("replay", "clip.mp4", "--headless"), LIVE])
def test_outputs_may_not_overwrite_each_other(
    call: tuple[str, ...], clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*call, "--events", "out.jsonl", "--report", "./out.jsonl"]) == 2
    assert "would overwrite the file of --events" in capsys.readouterr().err


def test_a_stream_of_the_system_is_no_output_and_stays_as_it_is(clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """/dev/stdout is such a link. Where it leads to a file, as in a shell's redirection, it was replaced."""
    held, link = Path("held.jsonl"), Path("stream.jsonl")
    with held.open("w") as file:
        link.symlink_to(f"/proc/self/fd/{file.fileno()}")
        assert main(["replay", "clip.mp4", "--headless", "--events", str(link)]) == 2
        assert "'stream.jsonl' is a device or a pipe" in capsys.readouterr().err
        assert link.is_symlink()


def test_a_folder_in_which_nothing_can_be_made_is_not_said_to_be_missing(
    clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", "clip.mp4", "--headless", "--events", "/proc/out.jsonl"]) == 1
    assert "nothing can be made in '/proc'" in capsys.readouterr().err


def test_two_recordings_may_not_share_a_list_of_frames(clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*LIVE, "--record", "out.mp4", "--record-raw", "out.mkv"]) == 2
    assert "would overwrite the list of frames of --record" in capsys.readouterr().err


def test_no_output_may_have_the_name_of_a_recordings_later_file(clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A recording goes on in ``out-002.mp4`` where the picture's size changes, which only the frames show."""
    assert main([*LIVE, "--record", "out.mp4", "--record-raw", "./out-002.mp4"]) == 2
    assert "has the name of a later file of --record" in capsys.readouterr().err
    assert main([*LIVE, "--record-raw", "out.mp4", "--record", "out-001.mp4"]) == 2
    assert "has the name of a later file of --record-raw" in capsys.readouterr().err


def test_missing_folders_are_made_and_everything_is_for_its_owner_alone(clip: Path) -> None:
    before = os.umask(0)
    try:
        outputs = {"record": "one/two/out.mp4", "events": "one/out.jsonl", "report": "three/out.html"}
        options = [part for name, path in outputs.items() for part in (f"--{name}", path)]
        assert main(["replay", "clip.mp4", "--headless", *options]) == 0
        figures = ["--json", "four/out.json", "--page", "four/out.html"]
        assert main(["evaluate", "clip.mp4", "--polyp-frames", "none", *figures]) == 0
    finally:
        os.umask(before)
    made = [path for name in ("one", "three", "four") for path in (Path(name), *Path(name).rglob("*"))]
    assert len(made) == 9
    for path in made:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
