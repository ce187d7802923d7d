"""A file may have any name that the file system takes, as an input and as any output."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from clipmaker import numbered, write_clip
from sink_rig import record, session

from polyplive import FileSource, VideoWriter
from polyplive.cli import main
from polyplive.gui.session.snapshots import Snapshot, facts_of, save_snapshot
from polyplive.sessions.view import View
from polyplive.sinks.segments import SegmentSettings, SegmentWriter
from polyplive.system.private_files import check_writable
from polyplive.types import SessionState, SourceInfo

if sys.platform != "linux":
    pytest.skip("elsewhere fewer names are allowed", allow_module_level=True)

HERE = Path(__file__).parent
NAMES = {
    "time of day": "2026-05-01T10:30:00",
    "protocol": "pipe:1",
    "protocol with a list": "concat:a|b",
    "pattern": "%03d*?[1-3]",
    "percent": "100%",
    "leading dash": "-o",
    "spaces": " a  b ",
    "letters": "naïve Ω 日本 😀",
    "markup": "[red]<b>&'\"`$HOME{x}\\",
    "lines": "a\nb\tc\x1b[31m",
    "no text": os.fsdecode(b"\xff\xfe\x80"),
    "long": "a" * 251,
    "long letters": "é" * 125,
}
ODD = f"{NAMES['time of day']} {NAMES['pattern']} {NAMES['letters']}\n{NAMES['no text']}"
"""Most of it at once."""
any_name = pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)


@pytest.fixture(autouse=True)
def _in_its_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def count(path: Path) -> int:
    """The frames of a video, read without its name."""
    with path.open("rb") as file, av.open(file) as container:
        return len(list(container.decode(video=0)))


@any_name
def test_a_video_and_a_picture_are_read(name: str) -> None:
    clip = write_clip(Path("plain.mp4"), frames=3)
    png = cv2.imencode(".png", np.full((48, 64, 3), 90, np.uint8))[1].tobytes()
    for path, data, frames in ((Path(f"{name}.mp4"), clip.read_bytes(), 3), (Path(f"{name}.png"), png, 1)):
        path.write_bytes(data)
        with FileSource(path) as source:
            assert len(list(source)) == frames
            assert source.info.name == path.name


@any_name
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_video_is_written(name: str, suffix: str) -> None:
    path = Path(f"{name}{suffix}")
    with VideoWriter(path) as video:
        for number in range(3):
            video.write(numbered(number))
    assert count(path) == 3
    assert list(Path.cwd().iterdir()) == [path.absolute()]


@any_name
def test_a_live_recording_has_its_list_and_its_segments(name: str, tmp_path: Path) -> None:
    """A name that leaves no room for what is put after it loses its end."""
    writer = SegmentWriter(Path(f"{name}.mp4"), SegmentSettings(free_mib=0), composed=False)
    writer.open(session())
    for number in range(4):
        writer.write(record(numbered(number, 96 if number < 3 else 112), number, number / 25))
    writer.close()
    assert writer.files[0] == Path(f"{name}.mp4")
    assert [count(path) for path in writer.files] == [3, 1]
    lists = [path for path in tmp_path.iterdir() if path.name.endswith(".frames.csv")]
    assert sorted(len(list(csv.DictReader(path.open(newline="")))) for path in lists) == [1, 3]


@any_name
def test_a_snapshot_is_saved(name: str, tmp_path: Path) -> None:
    image = np.zeros((8, 8, 3), np.uint8)
    facts = facts_of(View(info=SourceInfo(f"{name}.mp4", 8, 8, None, None, None)), SessionState.READY, None)
    snapshot = Snapshot(image, image, facts)
    paths = {path for _ in range(3) for path in save_snapshot(snapshot, tmp_path / "shots", f"{name}.mp4", 1.5)}
    assert sorted(paths) == sorted((tmp_path / "shots").iterdir())
    assert len(paths) == 6
    assert all(path.name.startswith(name[:90]) for path in paths)
    read = [cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR) for path in paths]
    assert all(np.array_equal(each, image) for each in read)


@pytest.mark.parametrize("name", [ODD, NAMES["leading dash"], NAMES["long"]], ids=["odd", "dash", "long"])
def test_a_replay_writes_everything(name: str) -> None:
    write_clip(Path("plain.mp4"), frames=3).rename(f"{name}.mp4")
    outputs = {"record": f"{name}.mkv", "events": f"{name}.txt", "report": f"{name}.htm", "snapshots": name}
    asked = [part for option, path in outputs.items() for part in (f"--{option}", path)]
    assert main(["replay", "--headless", *asked, "--", f"{name}.mp4"]) == 0
    assert {path.name for path in Path.cwd().iterdir()} == {f"{name}.mp4", *outputs.values()}
    assert count(Path(outputs["record"])) == 3
    lines = [json.loads(line) for line in Path(outputs["events"]).read_text().splitlines()]
    assert [line["type"] for line in lines] == ["session", "pipeline", *["frame"] * 3, "end"]
    assert Path(outputs["report"]).read_text(encoding="utf-8").endswith("</html>")


FULL = """
import resource, signal, sys
import numpy as np
from polyplive import VideoWriter
from polyplive.errors import SinkError
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
rng = np.random.default_rng(0)
video = VideoWriter("10:30.mp4")
try:
    for _ in range(1000):
        video.write(rng.integers(0, 256, (64, 96, 3), np.uint8))
except SinkError as error:
    sys.exit(str(error))
"""


def test_on_a_full_disk_a_recording_named_after_the_time_is_kept() -> None:
    """Whether it plays is tried; FFmpeg took what stands before the colon for a protocol, so that it was removed."""
    done = subprocess.run([sys.executable, "-c", FULL], capture_output=True, text=True, check=False)
    assert "what was written so far is kept" in done.stderr
    assert count(Path("10:30.mp4")) >= 25


def test_a_name_that_the_file_system_refuses_is_found_out_before(capsys: pytest.CaptureFixture[str]) -> None:
    write_clip(Path("clip.mp4"), frames=3)
    for option in ("record", "events", "report"):
        assert main(["replay", "clip.mp4", "--headless", f"--{option}", f"{'a' * 252}.mp4"]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert "too long" in line
    with pytest.raises(OSError, match="too long"):
        check_writable(Path("a" * 256))
    assert [path.name for path in Path.cwd().iterdir()] == ["clip.mp4"]
