"""A live picture that changes its size: recordings in pieces, events in each frame's own pixels."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import av
import pytest
from live_rig import HEIGHT, WIDTH, Rig, picture

from polyplive.sessions.recorder.recorder import Recorder
from polyplive.sessions.recorder.thread import RecorderThread, ResultsThread
from polyplive.sinks.events import EventsSink
from polyplive.sinks.h264 import exact
from polyplive.sinks.segments import SegmentSettings, SegmentWriter

if TYPE_CHECKING:
    from pathlib import Path

SIZES = [(WIDTH, HEIGHT), (192, 108), (WIDTH, HEIGHT)]
EACH = 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a session left that gave eight frames of each size, each processed before the next was sent."""
    folder = tmp_path_factory.mktemp("live")
    writers = [
        SegmentWriter(
            folder / f"{name}.mkv", SegmentSettings(free_mib=0), composed=name == "overlay", encoder_for=exact
        )
        for name in ("overlay", "raw")
    ]
    videos = RecorderThread(Recorder(writers))
    results = ResultsThread(Recorder([EventsSink(folder / "events.jsonl")]))
    with Rig({"recorders": (videos, results)}) as rig:
        rig.wait(lambda: rig.engines, "no engine")
        for number in range(EACH * len(SIZES)):
            rig.feed.put(picture(number, *SIZES[number // EACH]))
            rig.wait(lambda number=number: rig.session.summary().tally.processed == number + 1, "a frame is missing")
    assert rig.session.summary().notices == ()
    expected = [f"{name}{end}.mkv" for name in ("overlay", "raw") for end in ("", "-002", "-003")]
    assert [file.path.name for file in videos.facts.progress.files] == expected
    return folder


@pytest.mark.parametrize("name", ["overlay", "raw"])
def test_each_size_is_a_file_with_its_list(name: str, folder: Path) -> None:
    for end, size in zip(("", "-002", "-003"), SIZES, strict=True):
        path = folder / f"{name}{end}.mkv"
        with av.open(str(path)) as video:
            assert [(frame.width, frame.height) for frame in video.decode(video=0)] == [size] * EACH
        assert len(path.with_suffix(".frames.csv").read_text().splitlines()) == 1 + EACH


def test_events_say_the_size_before_its_first_frame(folder: Path) -> None:
    session, *lines = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    size = session["width"], session["height"]
    said, tracks = [], []
    for line in lines:
        if line["type"] == "size":
            size = line["width"], line["height"]
            said.append(line["index"])
        if line["type"] == "frame":
            width, height = size
            assert size == SIZES[line["index"] // EACH]
            (found,) = line["detections"]
            assert found["bbox"] == pytest.approx([width // 3, height // 3, width // 3, height // 3], abs=4)
            tracks.append(found["track"])
    assert said == [EACH, 2 * EACH]
    assert [sorted(set(tracks[part * EACH : (part + 1) * EACH])) for part in range(3)] == [[1], [2], [3]]
