"""What is typed as a path or a number and is none; names of any bytes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from clipmaker import write_clip

from polyplive.cli import main

LONG = "a" * 300


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on stderr; that it is the only one shows that no model was loaded before."""
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    assert len(lines[0]) < 300
    return lines[0]


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (["replay", "", "--headless"], 2, "empty"),
        (["replay", "clip.mp4", "--headless", "--report", ""], 2, "empty"),
        (["replay", "clip.mp4", "--headless", "--report", "new/"], 2, "names a folder"),
        (["replay", "clip.mp4", "--headless", "--record", "out.mp4/"], 2, "names a folder"),
        (["replay", "clip.mp4", "--headless", "--record", "out.avi"], 1, "Use .mp4"),
        (["replay", "clip.mp4", "--headless", "--record", "circle/out.mp4"], 2, "symbolic links"),
        (["replay", "clip.mp4", "--headless", "--config", "circle"], 2, "symbolic links"),
        (["replay", "circle", "--headless"], 2, "symbolic links"),
        (["replay", "clip.mp4", "--headless", "--model", "a" * 5000], 1, "No model"),
        (["replay", "clip.mp4", "--headless", "--model", "~no-such-user/m.onnx"], 1, "No model"),
        (["replay", "clip.mp4", "--headless", "--start", "nan"], 2, "no time"),
        (["replay", "clip.mp4", "--headless", "--start", "inf"], 2, "no time"),
        (["replay", "clip.mp4", "--headless", "--start", "-1"], 2, "-1"),
        (["replay", "clip.mp4", "--headless", "--start", "0.5"], 2, "0.12 s long"),
        (["replay", "clip.mp4", "--start", "0.5"], 2, "No window can be opened"),
        (["replay", "clip.mp4", "--headless", "--opacity", "nan"], 2, "opacity"),
        (["replay", "clip.mp4", "--headless", "--threads", "100000"], 2, "threads"),
        (["evaluate", ".", "--json", ""], 2, "empty"),
        (["evaluate", ".", "--json", LONG], 2, "too long"),
    ],
)
def test_it_is_refused_at_once(
    arguments: list[str],
    code: int,
    named: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    write_clip(tmp_path / "clip.mp4", frames=3)
    (tmp_path / "circle").symlink_to(tmp_path / "other")
    (tmp_path / "other").symlink_to(tmp_path / "circle")
    assert main(arguments) == code
    assert named in said(capsys)


@pytest.mark.skipif(sys.platform == "win32", reason="a working folder cannot be removed there")
def test_a_working_folder_that_is_gone_is_one_line(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", frames=3)
    code = (
        "import os, sys\nfrom polyplive.cli import main\nos.mkdir('gone')\nos.chdir('gone')\nos.rmdir('../gone')\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, "replay", str(clip), "--headless", "--events", "events.jsonl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("polyplive: 'events.jsonl' leads nowhere.")
    assert len(done.stderr.splitlines()) == 1


@pytest.fixture
def odd_name(tmp_path: Path) -> str:
    """A part of a name that is not UTF-8, where the disk takes one."""
    name = os.fsdecode(b"\xff[red]")
    try:
        (tmp_path / name).touch()
    except OSError:
        pytest.skip("names must be UTF-8 here")
    return name


def test_figures_of_a_folder_with_any_names_are_printed_and_written(
    tmp_path: Path, odd_name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / f"data{odd_name}"
    png = cv2.imencode(".png", np.zeros((50, 60, 3), np.uint8))[1].tobytes()
    for folder in ("images", "masks"):
        (data / folder).mkdir(parents=True)
        (data / folder / os.fsdecode(b"1\xfe.png")).write_bytes(png)
    assert main(["evaluate", str(data), "--json", str(tmp_path / "figures.json")]) == 0
    assert "[red]: 1 picture\n" in capsys.readouterr().out
    figures = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert figures["images"][0]["stem"] == "1?"


@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
def test_a_model_may_have_any_name(tmp_path: Path, odd_name: str, backend: str, shipped_graph: Path) -> None:
    from polyplive.backends.factory import open_engine

    pytest.importorskip(backend)
    copy = tmp_path / os.fsdecode(b"m\xff.onnx")
    for suffix in (".onnx", ".json"):
        copy.with_suffix(suffix).write_bytes(shipped_graph.with_suffix(suffix).read_bytes())
    open_engine(copy, backend).close()
