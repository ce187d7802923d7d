"""Nothing phones home: commands run in a process whose every attempt to reach the network is recorded and refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from clipmaker import write_clip

GUARD = """
import os, socket, sys
from pathlib import Path
tried = []
def refused(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        tried.append((event, arguments[1:] if event == "socket.connect" else arguments))
        raise OSError("no network")
sys.addaudithook(refused)
import polyplive.commands.demo
polyplive.commands.demo.demo_clip = lambda: Path("clip.mp4")  # the shipped one takes a minute
from polyplive.cli import main
code = main(sys.argv[1:])
if tried:
    print("TRIED", tried, file=sys.stderr)
    code = 99
sys.exit(code)
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["doctor"],
        ["demo", "--headless", "--output", "demo", "--backend", "openvino"],
        ["replay", "clip.mp4", "--headless", "--report", "report.html", "--events", "events.jsonl"],
        ["replay", "clip.mp4", "--headless", "--backend", "onnxruntime"],
        ["evaluate", "data", "--json", "figures.json"],
        ["bench", "--video", "clip.mp4", "--frames", "10", "--runs", "1"],
        ["devices", "--json"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_no_connection_is_tried(arguments: list[str], tmp_path: Path) -> None:
    from polyplive.export.rendered import write_dataset

    write_clip(tmp_path / "clip.mp4", frames=5)
    write_dataset(tmp_path / "data", count=2, seeds=[1], size=(160, 128))
    done = subprocess.run(
        [sys.executable, "-c", GUARD, *arguments], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode in (0, 1 if arguments[0] == "devices" else 0), done.stderr


def test_training_and_export_try_no_connection(tmp_path: Path) -> None:
    from polyplive.export.rendered import write_dataset

    write_dataset(tmp_path / "data" / "train", count=4, seeds=[1], size=(96, 96), with_polyp=1.0)
    recipe = tmp_path / "small.toml"
    recipe.write_text(
        'architecture = "unet-lite0"\nsize = 64\nbatch = 2\nepochs = 1\nvalidation = ""\nvalidation_share = 0.25\n'
        '[[sources]]\nfolder = "train"\n'
    )
    for arguments in (
        ["train", "--recipe", "small.toml", "--data", "data", "--out", "run"],
        ["export", "run", "--name", "small", "--check", "data/train"],
    ):
        done = subprocess.run(
            [sys.executable, "-c", GUARD, *arguments], capture_output=True, text=True, check=False, cwd=tmp_path
        )
        assert "TRIED" not in done.stderr, done.stderr
        assert done.returncode in (0, 1), done.stderr
        assert "Unexpected" not in done.stderr, done.stderr


def test_the_guard_notices_a_connection() -> None:
    code = GUARD.replace("from polyplive.cli import main", "import socket").replace(
        "code = main(sys.argv[1:])",
        "code = 0\ntry:\n    socket.create_connection(('192.0.2.1', 9), 0.1)\nexcept OSError:\n    pass",
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 99
    assert "192.0.2.1" in done.stderr
