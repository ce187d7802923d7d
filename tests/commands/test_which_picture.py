"""Which picture a command shows, where a source has several: chosen by options, and said in one line."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from clipmaker import write_clip
from processes import PATIENCE_S
from several_streams import write_streams
from stereo_clip import LEVELS, two_eyes, write_h264, write_mkv
from stream_servers import Answers, http
from v4l2_card.card import PATH, EmulatedCard, build_card

from polyplive.cli import main
from polyplive.sources.file import FileSource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SIZES = [(64, 48), (128, 96)]
SAID = "plays video stream 2 of 2 (128x96); --stream 1 for 64x48"


@pytest.fixture
def several(tmp_path: Path) -> Path:
    return write_streams(tmp_path / "several.mkv", SIZES)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    server = Answers(http(write_streams(tmp_path / "several.ts", SIZES, frames=30).read_bytes()))
    yield f"http://127.0.0.1:{server.port}/"
    server.stop()


def session_of(events: Path) -> dict[str, object]:
    return json.loads(events.read_text().splitlines()[0])


@pytest.mark.parametrize(("chosen", "size", "said"), [([], (128, 96), [SAID]), (["--stream", "1"], (64, 48), [])])
def test_replay_says_which_stream_it_plays_and_takes_another(
    chosen: list[str], size: tuple[int, int], said: list[str], several: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events = several.with_name("events.jsonl")
    assert main(["replay", str(several), "--headless", "--frames", "1", "--events", str(events), *chosen]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert [line.removeprefix("several.mkv: ") for line in lines if "stream" in line] == said
    session = session_of(events)
    assert (session["width"], session["height"]) == size


def test_live_does_so_with_an_address(address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    events = tmp_path / "events.jsonl"
    main(["live", address, "--headless", "--frames", "20", "--events", str(events)])  # see the test of 3D below
    assert capsys.readouterr().err.count(SAID) == 1
    assert session_of(events)["width"] == 128


def test_evaluate_says_it_too(several: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(several), "--polyp-frames", "none"]) == 0
    assert capsys.readouterr().err.count(SAID) == 1


@pytest.mark.parametrize(
    ("chosen", "half", "said"),
    [([], "left", 1), (["--stereo", "right"], "right", 0), (["--stereo", "whole"], None, 0)],
)
def test_replay_shows_one_eye_and_says_so(
    chosen: list[str], half: str | None, said: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    video = write_mkv(tmp_path / "both.mkv", "left_right")
    events, record = tmp_path / "events.jsonl", tmp_path / "overlay.mkv"
    outputs = ["--events", str(events), "--record", str(record), "--roi", "none"]
    assert main(["replay", str(video), "--headless", "--frames", "2", *outputs, *chosen]) == 0
    assert capsys.readouterr().err.count("both.mkv: is flagged as 3D, both eyes side by side") == said
    session = session_of(events)
    assert (session["stereo"], session["width"], session["height"]) == (half, 64 if half else 128, 64)
    with av.open(str(record)) as recorded:
        stream = recorded.streams.video[0]
        assert (stream.width, stream.height) == (session["width"], 64)
    if half is not None:
        with FileSource(record) as source:
            frame = source.read()
            assert frame is not None
            assert np.median(frame.image) == pytest.approx(LEVELS[half], abs=15)


def test_a_network_stream_tells_that_it_is_3d_with_its_first_frame(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events = tmp_path / "events.jsonl"
    server = Answers(http(write_h264(tmp_path / "both.ts", 3, frames=60).read_bytes()))
    try:
        address = f"http://127.0.0.1:{server.port}/"
        # All frames may come before the model is open: then the command ends with 1, having said this all the same.
        main(["live", address, "--headless", "--frames", "40", "--events", str(events)])
    finally:
        server.stop()
    assert capsys.readouterr().err.count("is flagged as 3D, both eyes side by side") == 1
    session = session_of(events)
    assert (session["stereo"], session["width"], session["height"]) == ("left", 64, 64)


def test_a_card_may_give_both_eyes(tmp_path: Path) -> None:
    card = EmulatedCard(tmp_path, build_card(tmp_path), [two_eyes(352, 288)] * 2)
    events = tmp_path / "events.jsonl"
    command = ["live", PATH, "--headless", "--frames", "20", "--stereo", "right", "--roi", "none"]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "polyplive", *command, "--events", str(events)],
            env=card.environment(), capture_output=True, text=True, check=False, timeout=5 * PATIENCE_S,
        )  # fmt: skip
    finally:
        card.close()
    assert done.returncode == 0, done.stderr
    assert "the device grants" not in done.stderr
    session = session_of(events)
    assert (session["stereo"], session["width"], session["height"]) == ("right", 176, 288)


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (["replay", "clip.mp4", "--headless", "--stream", "2"], 1, "has one video stream (96x64), and no stream 2"),
        (["replay", "clip.mp4", "--headless", "--stream", "0"], 2, "--stream is 0"),
        (["replay", "clip.mp4", "--headless", "--stream", "first"], 2, "--stream"),
        (["bench", "--video", "clip.mp4", "--stream", "3", "--no-display"], 1, "has one video stream"),
        (["evaluate", "clip.mp4", "--polyp-frames", "none", "--stream", "3"], 1, "has one video stream"),
        (["evaluate", ".", "--recording", "--stream", "1"], 2, "--stream is for a video file"),
        (["evaluate", ".", "--stream", "1"], 2, "--stream needs frames that follow each other"),
        (["evaluate", ".", "--recording", "--stereo", "left"], 2, "--stereo is for a video file"),
        (["replay", "clip.mp4", "--headless", "--stereo", "middle"], 2, "'middle' is not one of 'left', 'right'"),
        (["live", "screen:0.0", "--headless", "--stream", "2"], 2, "--stream is for an address that sends several"),
    ],
)
def test_what_cannot_be_chosen_is_refused_in_one_line(
    arguments: list[str],
    code: int,
    named: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    write_clip(tmp_path / "clip.mp4", 3)
    assert main(arguments) == code
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("polyplive: ")]
    assert len(lines) == 1
    assert named in lines[0]
