"""A BGR picture is made where somebody asks for its pixels, once, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from clipmaker import write_clip
from coded_picture import coded
from colour_engine import ColourEngine
from live_rig import Rig, picture

from polyplive.pixels import picture as picture_module
from polyplive.pixels.picture import YuvPicture
from polyplive.sessions.engine_room.offline import OfflineEngineRoom
from polyplive.sessions.recorder.recorder import Recorder
from polyplive.sessions.recorder.thread import RecorderThread, ResultsThread
from polyplive.sessions.replay.headless import replay
from polyplive.sinks.events import EventsSink
from polyplive.sinks.segments import SegmentSettings, SegmentWriter
from polyplive.sinks.video import VideoSink
from polyplive.sources.file import FileSource
from polyplive.types import Frame

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.sinks.base import Sink


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One item for each picture of full size that is made from samples."""
    made: list[int] = []
    convert = picture_module.bgr_of

    def counted(*arguments: np.ndarray) -> np.ndarray:
        made.append(1)
        return convert(*arguments)

    monkeypatch.setattr(picture_module, "bgr_of", counted)
    return made


def run(clip: Path, sinks: list[Sink]) -> int:
    """Replay ``clip`` to its end; the number of frames with findings."""
    with FileSource(clip) as source, OfflineEngineRoom(lambda _: ColourEngine()) as room:
        summary = replay(source, room, sinks)
    assert summary.tally.processed == 20
    return summary.marked


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    images = []
    for number in range(20):
        image = np.full((96, 128, 3), (90, 110, 130), np.uint8)
        cv2.circle(image, (40 + number, 48), 16, (40, 40, 220), -1)
        images.append(image)
    return write_clip(tmp_path / "clip.mp4", images)


def test_a_headless_replay_without_an_overlay_video_makes_no_bgr_picture(
    tmp_path: Path, clip: Path, made: list[int]
) -> None:
    assert run(clip, [EventsSink(tmp_path / "events.jsonl")]) > 10
    assert not made


def test_an_overlay_video_takes_one_conversion_a_frame(tmp_path: Path, clip: Path, made: list[int]) -> None:
    assert run(clip, [VideoSink(tmp_path / "overlay.mp4"), EventsSink(tmp_path / "events.jsonl")]) > 10
    assert len(made) == 20


def test_a_live_session_that_records_the_source_makes_no_bgr_picture(tmp_path: Path, made: list[int]) -> None:
    """Its source's signal is watched, and the model sees each frame."""
    recorders = (
        RecorderThread(Recorder([SegmentWriter(tmp_path / "raw.mkv", SegmentSettings(free_mib=0), composed=False)])),
        ResultsThread(Recorder([EventsSink(tmp_path / "events.jsonl")])),
    )
    with Rig({"recorders": recorders}) as rig:
        for number in range(20):
            rig.feed.put(Frame(YuvPicture(coded(picture(number)))))
            rig.wait(lambda number=number: rig.session.summary().tally.read == number + 1)
        rig.wait(lambda: rig.session.summary().tally.processed > 0)
    assert not made
