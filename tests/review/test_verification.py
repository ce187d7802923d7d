"""A recorded session runs again: the same detections bit for bit where that can be, and why not where it cannot."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from colour_engine import ColourEngine
from live_rig import HEIGHT, WIDTH, Rig
from sink_rig import session as described

from polyplive import FileSource, open_model
from polyplive.cli import main
from polyplive.config import PipelineSettings
from polyplive.errors import DataError
from polyplive.pipeline.pipeline import Pipeline
from polyplive.pixels.picture import YuvPicture
from polyplive.pixels.yuv import YuvSamples
from polyplive.review.events_file import EventsFile
from polyplive.review.verification.recorded_frames import RecordedFrames
from polyplive.review.verification.verification import Verification, Verifier, session_settings
from polyplive.sessions.opening import describe_session
from polyplive.sessions.recorder.recording_files import RecordingFiles, RecordingSettings
from polyplive.sinks.base import FrameRecord
from polyplive.sinks.events import EventsSink
from polyplive.sinks.h264 import exact
from polyplive.sinks.segments import SegmentSettings, SegmentWriter
from polyplive.types import Frame, StageTimes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

DEMO = str(Path(__file__).parents[2] / "assets" / "demo.mp4")
SETTINGS = PipelineSettings(min_frames=2, confirm_probability=0)


def samples(number: int) -> YuvSamples:
    """A picture as a card with MJPEG sends it: noise, and a red disc that moves, fades and is gone at times."""
    rng = np.random.default_rng(number)
    luma = rng.integers(90, 130, (HEIGHT, WIDTH), dtype=np.uint8)
    cb, cr = (rng.integers(120, 136, (HEIGHT, WIDTH // 2), dtype=np.uint8) for _ in range(2))
    rows, columns = np.mgrid[0:HEIGHT, 0 : WIDTH // 2]
    if number % 9 < 7:
        inside = (rows - 30 - number % 40) ** 2 + (2 * columns - 60) ** 2 < 300
        cb[inside], cr[inside] = 110, 170 + number % 12
    return YuvSamples(luma, cb, cr, 6, is_full=True, is_centred=True)


def verified(videos: list[Path], events: Path, engine: ColourEngine | None = None) -> Verification:
    told = EventsFile(events)
    frames = RecordedFrames(videos, told.session)
    try:
        with Pipeline(engine or ColourEngine(), session_settings(told)) as pipeline:
            return Verifier(pipeline).verify(told, frames)
    finally:
        frames.close()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[RecordingFiles, RecordingFiles]:
    """Two lossless recordings of a live session, of which the second began while it ran."""
    folder = tmp_path_factory.mktemp("live")
    files = tuple(RecordingFiles.beside(raw=folder / f"{name}.mp4") for name in ("first", "second"))
    number = 0
    with Rig({"recording": RecordingSettings(SegmentSettings(free_mib=0), lossless=True), "pipeline": SETTINGS}) as rig:
        for part in files:
            rig.session.recording.start(part)
            for threshold in (0.5, 0.4):
                rig.session.set_threshold(threshold)
                done = rig.session.summary().tally.processed
                while rig.session.summary().tally.processed < done + 12:
                    for _ in range(3):  # of which some are never processed
                        rig.feed.put(Frame(YuvPicture(samples(number))))
                        number += 1
                    rig.wait(rig.feed.empty)
                    rig.show()
            rig.wait(lambda: rig.session._results.room.is_idle)
            rig.show()
            rig.session.recording.stop()
        rig.wait(lambda: len(rig.session.view().recorded) == 2)
    return files  # type: ignore[return-value]


def test_a_lossless_recording_of_a_live_session_gives_its_detections_bit_for_bit(recorded) -> None:
    raw, events = recorded[0].raw, recorded[0].events
    told = list(EventsFile(events).frames())
    with FileSource(raw) as source:
        frames = sum(1 for _ in source)
    done = verified([raw], events)
    assert done.reasons == []
    assert done.agreement.is_same, done.to_dict()
    assert done.agreement.frames == len(told) < frames
    assert done.agreement.matched == sum(len(frame.detections) for frame in told) > 10
    assert (done.absent, done.has_failed) == (0, False)


def test_a_recording_that_began_while_its_session_ran_says_what_it_lacks(recorded) -> None:
    done = verified([recorded[1].raw], recorded[1].events)
    (reason,) = done.reasons
    assert reason.startswith("The events begin at frame ")
    assert not done.has_failed
    assert done.agreement.frames == sum(1 for _ in EventsFile(recorded[1].events).frames())
    assert done.agreement.matched > 0


def test_a_lossy_recording_is_said_to_be_one(recorded, tmp_path: Path) -> None:
    files = recorded[0]
    lossy = tmp_path / files.raw.name
    sink = SegmentWriter(lossy, SegmentSettings(free_mib=0), composed=False, encoder_for=exact, listed=False)
    sink.open(described(WIDTH, HEIGHT))
    with FileSource(files.raw) as source:
        for frame in source:
            sink.write(FrameRecord(frame, None, None, StageTimes()))
    sink.close()
    shutil.copy(files.raw.with_name("first.frames.csv"), tmp_path)
    done = verified([lossy], files.events)
    assert done.reasons == [
        "The recording is lossy: the session saw other pixels. --lossless records them as they are."
    ]
    figures = done.to_dict()
    assert not figures["same"]
    assert not done.has_failed
    assert 0.7 < figures["dice"] < 1
    assert 0 < figures["score_difference"]["mean"] < 0.2


def replayed(
    video: Path, events: Path, steps: Iterable[int | None], has_map: Callable[[int], bool] = lambda _: True
) -> None:
    """Events of a replay of frames with these numbers; None is a seek. ``has_map``: of which a heatmap is computed."""
    with FileSource(video) as source:
        frames = list(source)
        with Pipeline(ColourEngine(), SETTINGS) as pipeline:
            sink = EventsSink(events)
            sink.open(describe_session(source.info, pipeline.engine.spec, SETTINGS))
            for step in steps:
                if step is None:
                    pipeline.reset(same_source=True)
                    continue
                found = pipeline.process(frames[step], cam=has_map(step))
                sink.write(FrameRecord(frames[step], found, None, StageTimes()))
            sink.close()


def test_a_replay_with_jumps_gives_its_detections_bit_for_bit(recorded, tmp_path: Path) -> None:
    video, events = recorded[0].raw, tmp_path / "e.jsonl"
    replayed(video, events, [*range(8), None, *range(3, 12), 14, 17, None, 2, 3, 4])
    done = verified([video], events)
    assert (done.reasons, done.agreement.is_same, done.agreement.frames) == ([], True, 22)
    assert done.agreement.matched > 5


def test_heatmaps_are_computed_of_the_frames_of_which_the_session_computed_them(recorded, tmp_path: Path) -> None:
    """Where nothing is shown of them as well: a finding's first frame is withheld, and its map with it."""
    video, events, engine = recorded[0].raw, tmp_path / "e.jsonl", ColourEngine()
    replayed(video, events, range(12), has_map=lambda step: step % 3 == 0)
    done = verified([video], events, engine)
    assert engine.cams == [True, False, False] * 4
    assert (done.reasons, done.agreement.is_same) == ([], True)


def test_events_that_do_not_say_where_heatmaps_were_computed_give_a_reason(recorded, tmp_path: Path) -> None:
    video, events = recorded[0].raw, tmp_path / "e.jsonl"
    replayed(video, events, range(6))
    lines = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        line.pop("with_map", None)
    events.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    done = verified([video], events)
    assert done.reasons == ["The events do not say of which frames maps were computed, which rounding can depend on."]
    assert done.agreement.is_same


@pytest.mark.parametrize("what", ["score", "contour", "track"])
def test_a_change_of_the_events_is_found(recorded, tmp_path: Path, what: str) -> None:
    video, events = recorded[0].raw, tmp_path / "e.jsonl"
    replayed(video, events, range(8))
    lines = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
    changed = [line for line in lines if line.get("detections")][-1]
    found = changed["detections"][0]
    match what:
        case "score":
            found["score"] = round(found["score"] + 0.0001, 4)
        case "contour":
            found["contour"][0][0] += 1
        case _:
            found["track"] += 1
    events.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    done = verified([video], events)
    assert done.has_failed
    assert (done.agreement.alike, done.agreement.first_other) == (7, changed["index"])


def test_frames_that_no_file_has_are_counted(recorded, tmp_path: Path) -> None:
    video, events = recorded[0].raw, tmp_path / "e.jsonl"
    replayed(video, events, range(6))
    lines = events.read_text(encoding="utf-8").splitlines()
    last = json.loads(lines[-1]) | {"index": 10_000}
    events.write_text("\n".join([*lines, json.dumps(last)]) + "\n", encoding="utf-8")
    done = verified([video], events)
    assert done.absent == 1
    assert done.reasons == ["1 frame of the events are not in the recording."]


def test_events_that_do_not_say_how_frames_were_processed_are_refused(recorded, tmp_path: Path) -> None:
    events = tmp_path / "e.jsonl"
    head, *rest = recorded[0].events.read_text(encoding="utf-8").splitlines()
    old = {key: value for key, value in json.loads(head).items() if key != "pipeline"} | {"schema": 5}
    events.write_text("\n".join([json.dumps(old), *rest]) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match="do not say how frames were processed"):
        verified([recorded[0].raw], events)


def test_a_recording_without_events_is_one_line(recorded, tmp_path: Path, capsys) -> None:
    video = shutil.copy(recorded[0].raw, tmp_path / "alone.mp4")
    assert main(["verify", str(video)]) == 2
    assert "No events lie beside 'alone.mp4'. Name those of its session with --events." in capsys.readouterr().err


@pytest.mark.parametrize("heat", ["--heatmap", "--no-heatmap"])
def test_the_command_finds_a_replay_again_with_its_model_and_says_so(heat: str, tmp_path: Path, capsys) -> None:
    """In half precision masks are others with a map beside them, so verifying asks for one where there was one."""
    events, figures = tmp_path / "demo.events.jsonl", tmp_path / "figures.json"
    part = ["--model", "polyplive-light", "--start", "10", "--frames", "4"]
    assert main(["replay", DEMO, "--headless", heat, *part, "--events", str(events)]) == 0
    assert {frame.with_map for frame in EventsFile(events).frames()} == {heat == "--heatmap"}
    capsys.readouterr()
    assert main(["verify", DEMO, "--events", str(events), "--json", str(figures)]) == 0
    assert capsys.readouterr().out == "The same detections, bit for bit, in all of 4 frames\n"
    found = json.loads(figures.read_text(encoding="utf-8"))
    assert (found["same"], found["has_to_be_same"], found["frames_alike"]) == (True, True, 4)


def test_the_command_follows_which_graph_ran_for_each_frame(tmp_path: Path, capsys) -> None:
    """In bfloat16 the graph without its heatmap rounds otherwise."""
    events = tmp_path / "demo.events.jsonl"
    with FileSource(Path(DEMO)) as source, open_model("polyplive-light") as model:
        sink = EventsSink(events)
        sink.open(describe_session(source.info, model.engine.spec, model.settings))
        source.seek(10)
        for number, frame in zip(range(6), source, strict=False):
            sink.write(FrameRecord(frame, model.process(frame, cam=number % 2 == 1), None, StageTimes()))
        sink.close()
    assert sum(len(frame.detections) for frame in EventsFile(events).frames()) >= 4
    assert main(["verify", DEMO, "--events", str(events)]) == 0
    assert capsys.readouterr().out == "The same detections, bit for bit, in all of 6 frames\n"


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="the limit is one of x86 processors")
def test_arithmetic_that_is_not_here_is_a_reason(tmp_path: Path) -> None:
    events = tmp_path / "demo.events.jsonl"
    asked = ["--headless", "--model", "polyplive-light", "--precision", "float32", "--start", "10", "--frames", "2"]
    assert main(["replay", DEMO, *asked, "--events", str(events)]) == 0
    head, *rest = events.read_text(encoding="utf-8").splitlines()
    told = json.dumps(json.loads(head) | {"precision": "bfloat16"})
    events.write_text("\n".join([told, *rest]) + "\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "polyplive", "verify", DEMO, "--events", str(events)],
        env=os.environ | {"ONEDNN_MAX_CPU_ISA": "AVX2"},  # a processor without bfloat16
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "The arithmetic is float32, the session's was bfloat16.\n" in done.stdout
