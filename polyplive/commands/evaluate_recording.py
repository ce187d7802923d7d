"""``polyplive evaluate`` of a recording: a video file, or a folder of frames that follow each other."""

from __future__ import annotations

import contextlib
import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from polyplive.commands.messages import announce, print_words, stdout, write_json, write_text
from polyplive.commands.session_setup import live_settings_from, open_pipeline
from polyplive.errors import ConfigError
from polyplive.evaluate_recording import Spans, folder_frames, video_frames
from polyplive.evaluate_recording import evaluate_recording as run_evaluation
from polyplive.image_folder import find_pairs
from polyplive.progress import progress_bar
from polyplive.recording_page import recording_page
from polyplive.recording_tables import recording_sentence, recording_tables
from polyplive.session import open_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from polyplive.config import Settings
    from polyplive.evaluate_recording import LabelledFrame
    from polyplive.pipeline import Pipeline
    from polyplive.recording_evaluation import RecordingEvaluation

_PICTURES_ONLY = {"skip_bad": "--skip-bad", "robustness": "--robustness", "group_by": "--group-by"}


def evaluate_recording(given: dict[str, Any]) -> int:
    """Follow it as a live session would show it, print tables, write the JSON and the page."""
    for name, option in _PICTURES_ONLY.items():
        if given[name]:
            raise ConfigError(f"{option} is for single pictures, not for a recording", "Leave it out.")
    settings = live_settings_from(given)
    with contextlib.ExitStack() as stack:
        recording = _open(given["data"], given, stack)  # before the model: it is what a wrong option shows in
        pipeline = stack.enter_context(open_pipeline(settings))
        announce(pipeline.engine.spec)
        evaluation = _follow(recording, settings, pipeline)
    figures = evaluation.to_dict()
    if given["json_path"] is not None:  # first: stdout may be a pipe that nobody reads any more
        write_json(given["json_path"], figures)
    if given["page"] is not None:
        write_text(given["page"], recording_page(figures))
    print_words(recording_tables(figures))
    stdout.print(recording_sentence(figures), markup=False)
    return 0


@dataclass(frozen=True, slots=True)
class _Recording:
    """Its frames, how many there will be if that is known, and, once they are read, how many were lost by cause."""

    name: str
    total: int | None
    frames: Iterator[LabelledFrame]
    lost: Callable[[], Mapping[str, int]]


def _follow(recording: _Recording, settings: Settings, pipeline: Pipeline) -> RecordingEvaluation:
    facts = {
        "data": recording.name,
        **pipeline.facts,
        "min_frames": settings.pipeline.min_frames,
        "sure": pipeline.sure,
        "keep": settings.pipeline.keep,
    }
    with progress_bar(recording.name, recording.total) as advance:
        found = run_evaluation(recording.frames, pipeline, facts, advance)
    return dataclasses.replace(found, facts={**found.facts, "lost": dict(recording.lost())})


def _open(data: Path, given: dict[str, Any], stack: contextlib.ExitStack) -> _Recording:
    if not data.exists() or (given["recording"] and not data.is_dir()):
        what = "folder" if given["recording"] else "file or folder"
        raise ConfigError(f"There is no {what} '{data}'", "Check the path.")
    if data.is_dir():
        if given["polyp_frames"] is not None:
            raise ConfigError("--polyp-frames is for a video file; a folder has masks", "Leave it out.")
        pairs = find_pairs(data)
        return _Recording(data.name, len(pairs.pairs), folder_frames(pairs), dict)
    if given["polyp_frames"] is None:
        raise ConfigError(
            f"Nothing says where in '{data}' a polyp is in view",
            "Add --polyp-frames 30-45,60-95 (frames from 0), or --polyp-frames none.",
        )
    spans = Spans.parse(given["polyp_frames"])
    source = open_source(data)
    stack.callback(source.close)
    return _Recording(data.name, source.info.frames, video_frames(source, spans), lambda: source.dropped)
