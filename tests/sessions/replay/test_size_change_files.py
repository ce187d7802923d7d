"""What a headless replay writes of a recording that changes its size: events, recording and report fit each frame."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from colour_engine import ColourEngine
from discs import EACH, RADIUS, SIZES, TOTAL, changing, check_box, outline, size_of

from polyplive.commands.session_setup import make_sinks
from polyplive.config import PipelineSettings
from polyplive.sessions.engine_room.offline import OfflineEngineRoom
from polyplive.sessions.replay.headless import ReplaySettings, replay
from polyplive.sources.file import FileSource
from polyplive.types import OverlaySettings

if TYPE_CHECKING:
    from pathlib import Path

CONTOUR_ONLY = OverlaySettings(mask=False, heatmap=False, scores=False, status=False, figures=False)


@pytest.fixture(params=["joined.ts", "recorder.mkv"])
def video(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return changing(tmp_path / request.param)


def run(video: Path, **settings: object):
    files = {name: video.with_name(f"out.{end}") for name, end in ENDS.items()}
    with (
        FileSource(video) as source,
        OfflineEngineRoom(lambda _: ColourEngine(), PipelineSettings(roi="auto")) as room,
    ):
        return replay(source, room, make_sinks(files), ReplaySettings(overlay=CONTOUR_ONLY, **settings))


ENDS = {"record": "mp4", "events": "jsonl", "report": "html"}


def pictures(path: Path) -> tuple[list[np.ndarray], list[float]]:
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    return [frame.to_ndarray(format="bgr24") for frame in frames], [
        float(frame.pts * frame.time_base) for frame in frames
    ]


def test_events_say_each_size_and_give_coordinates_in_it(video: Path) -> None:
    summary = run(video)
    assert (summary.tally.processed, summary.marked, summary.size_changes) == (TOTAL, TOTAL, 2)
    session, *lines, _ = [json.loads(line) for line in video.with_name("out.jsonl").read_text().splitlines()]
    size = session["width"], session["height"]
    said, tracks = [], []
    for line in lines:
        if line["type"] == "size":
            size = line["width"], line["height"]
            said.append(line["index"])
        if line["type"] != "frame":
            continue
        assert size == size_of(line["index"])
        (found,) = line["detections"]
        check_box(found["bbox"])
        assert found["area_px"] == pytest.approx(np.pi * RADIUS**2, rel=0.1)
        tracks.append(found["track"])
    assert said == [EACH, 2 * EACH]
    assert tracks == [1] * EACH + [2] * EACH + [3] * EACH


def test_each_part_is_recorded_whole_with_the_contour_in_its_place(video: Path) -> None:
    assert run(video).failures == ()
    for part, name in enumerate(("out.mp4", "out-002.mp4", "out-003.mp4")):
        images, times = pictures(video.with_name(name))
        width, height = SIZES[part]
        assert {image.shape for image in images} == {(height, width, 3)}
        assert times == pytest.approx([number / 25 for number in range(EACH)], abs=0.002)
        for image in images:
            check_box(outline(image))


def test_a_start_behind_the_change_is_a_recording_of_its_size(video: Path) -> None:
    assert run(video, start_s=(EACH + 2) / 25, frames=5).size_changes == 0
    images, _ = pictures(video.with_name("out.mp4"))
    assert [image.shape[:2] for image in images] == [(SIZES[1][1], SIZES[1][0])] * 5
    assert not video.with_name("out-002.mp4").exists()
    lines = [json.loads(line) for line in video.with_name("out.jsonl").read_text().splitlines()]
    assert [line["type"] for line in lines] == ["session", "size", "pipeline", *["frame"] * 5, "end"]
    assert (lines[1]["index"], lines[1]["width"], lines[1]["height"]) == (EACH + 2, *SIZES[1])


def test_every_run_gives_the_same_files(video: Path) -> None:
    """Pixels and times are compared: for rows that no player shows (108 is no multiple of 16) x264's bits may vary."""

    def contents() -> list[tuple[np.ndarray, list[float]]]:
        decoded = [pictures(path) for path in sorted(video.parent.glob("out*.mp4"))]
        return [(np.stack(images), times) for images, times in decoded]

    run(video)
    first, events = contents(), video.with_name("out.jsonl").read_bytes()
    for path in video.parent.glob("out*"):
        path.unlink()
    run(video)
    again = contents()
    assert len(first) == len(again) == 3
    for (images, times), (images_again, times_again) in zip(first, again, strict=True):
        assert times == times_again
        np.testing.assert_array_equal(images, images_again)
    assert without_clock(video.with_name("out.jsonl").read_bytes()) == without_clock(events)


def without_clock(events: bytes) -> list[dict]:
    """The events without what the clock on the wall says."""
    lines = [json.loads(line) for line in events.splitlines()]
    for line in lines:
        for name in CLOCKED & line.keys():
            del line[name]
    return lines


CLOCKED = {"started", "captured_s", "delays_ms", "stages_ms"}
