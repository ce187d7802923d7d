"""``polyplive evaluate`` for a recording: a video file, or a folder of consecutive frames."""

from __future__ import annotations

import contextlib
import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from polyplive.commands.messages import announce, print_tables, say, say_notices, stdout, write_json, write_text
from polyplive.commands.outputs import check_outputs, try_outputs
from polyplive.config import Settings, withhold_findings
from polyplive.errors import ConfigError
from polyplive.evaluation.image_folder import find_pairs
from polyplive.evaluation.recordings.run import FrameRanges, folder_frames, video_frames
from polyplive.evaluation.recordings.run import evaluate_recording as run_evaluation
from polyplive.evaluation.recordings.tables import recording_sentence, recording_tables
from polyplive.pages.recording import recording_page
from polyplive.pipeline.facts import fact_sentence
from polyplive.sessions.opening import open_pipeline, open_video
from polyplive.system.progress import progress_bar
from polyplive.types import StereoOption
from polyplive.validation import check_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from polyplive.evaluation.recordings.figures import RecordingEvaluation
    from polyplive.evaluation.recordings.run import LabelledFrame
    from polyplive.pipeline.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class EvaluateRecordingRequest:
    """The request of ``polyplive evaluate`` for consecutive frames.

    ``data`` is a video, or with ``recording`` a folder of ``images/`` and ``masks/``. ``polyp_frames`` names the frames
    of a video that show a polyp, ``stream`` is the number of its video stream (None: the best),
    ``stereo`` the half shown of 3D pictures. ``json_path`` and ``page`` are files to write.
    """

    data: Path
    settings: Settings = field(default_factory=Settings)
    json_path: Path | None = None
    page: Path | None = None
    recording: bool = False
    polyp_frames: str | None = None
    stream: Annotated[int, Meta(ge=1)] | None = None
    stereo: StereoOption | None = None

    def __post_init__(self) -> None:
        check_fields(self)


def run(request: EvaluateRecordingRequest) -> int:
    """Evaluate it as a live session would show it; print tables, write JSON and page. Returns the exit code."""
    outputs = {"json": request.json_path, "page": request.page}
    video = request.data if request.data.is_file() else None
    check_outputs(outputs, video)
    settings = withhold_findings(request.settings)
    with contextlib.ExitStack() as stack:
        recording = _open(request, stack)  # before the model, so that a wrong option is reported at once
        try_outputs(outputs, video)
        pipeline = stack.enter_context(open_pipeline(settings, say, is_parallel=True))
        announce(pipeline.engine.spec)
        evaluation = _follow(recording, settings, pipeline)
    figures = evaluation.to_dict()
    if request.json_path is not None:  # first: stdout may be a closed pipe
        write_json(request.json_path, figures)
    if request.page is not None:
        write_text(request.page, recording_page(figures))
    print_tables(recording_tables(figures))
    stdout.print(fact_sentence(figures))
    stdout.print(recording_sentence(figures))
    return 0


@dataclass(frozen=True, slots=True)
class _Recording:
    """A recording's frames, their number if known, and, once they are read, how many were lost by cause."""

    name: str
    total: int | None
    frames: Iterator[LabelledFrame]
    lost: Callable[[], Mapping[str, int]]


def _follow(recording: _Recording, settings: Settings, pipeline: Pipeline) -> RecordingEvaluation:
    facts = {
        "data": recording.name,
        **pipeline.facts,
        "min_frames": settings.pipeline.min_frames,
        "confirm_probability": pipeline.confirm_probability,
        "release_probability": settings.pipeline.release_probability,
    }
    with progress_bar(recording.name, recording.total) as advance:
        found = run_evaluation(recording.frames, pipeline, facts, advance)
    return dataclasses.replace(found, facts={**found.facts, "lost": dict(recording.lost())})


def _open(request: EvaluateRecordingRequest, stack: contextlib.ExitStack) -> _Recording:
    data = request.data
    if not data.exists() or (request.recording and not data.is_dir()):
        what = "folder" if request.recording else "file or folder"
        raise ConfigError(f"There is no {what} '{data}'", "Check the path.")
    if data.is_dir():
        if request.polyp_frames is not None:
            raise ConfigError("--polyp-frames is for a video file; a folder has masks", "Leave it out.")
        for name, value in (("--stream", request.stream), ("--stereo", request.stereo)):
            if value is not None:
                raise ConfigError(f"{name} is for a video file, not for a folder", "Leave it out.")
        pairs = find_pairs(data)
        return _Recording(_name(request), len(pairs.pairs), folder_frames(pairs), dict)
    if request.polyp_frames is None:
        raise ConfigError(
            f"Nothing says where in '{data}' a polyp is in view",
            "Add --polyp-frames 30-45,60-95 (frames from 0), or --polyp-frames none.",
        )
    spans = FrameRanges.parse(request.polyp_frames)
    source = open_video(data, stream=request.stream, stereo=request.stereo)
    stack.callback(source.close)
    say_notices(source.info)
    return _Recording(_name(request), source.info.frames, video_frames(source, spans), lambda: source.dropped)


def _name(request: EvaluateRecordingRequest) -> str:
    return str(request.data.absolute()) if request.settings.full_paths else request.data.name
