"""``polyplive evaluate`` of a recording: a video file, or a folder of frames that follow each other."""

from __future__ import annotations

import contextlib
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
    from collections.abc import Iterator
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
    with open_pipeline(settings) as pipeline:
        announce(pipeline.engine.spec)
        evaluation = _follow(given, settings, pipeline)
    figures = evaluation.to_dict()
    if given["json_path"] is not None:  # first: stdout may be a pipe that nobody reads any more
        write_json(given["json_path"], figures)
    if given["page"] is not None:
        write_text(given["page"], recording_page(figures))
    print_words(recording_tables(figures))
    stdout.print(recording_sentence(figures), markup=False)
    return 0


def _follow(given: dict[str, Any], settings: Settings, pipeline: Pipeline) -> RecordingEvaluation:
    data: Path = given["data"]
    with contextlib.ExitStack() as stack:
        total, frames = _open(data, given["polyp_frames"], stack)
        advance = stack.enter_context(progress_bar(data.name, total))
        facts = {
            "data": data.name,
            **pipeline.facts,
            "min_frames": settings.pipeline.min_frames,
            "keep": settings.pipeline.keep,
        }
        return run_evaluation(frames, pipeline, facts, advance)


def _open(
    data: Path, polyp_frames: str | None, stack: contextlib.ExitStack
) -> tuple[int | None, Iterator[LabelledFrame]]:
    """How many frames there will be, if that is known, and the frames."""
    if data.is_dir():
        if polyp_frames is not None:
            raise ConfigError("--polyp-frames is for a video file; a folder has masks", "Leave it out.")
        pairs = find_pairs(data)
        return len(pairs.pairs), folder_frames(pairs)
    if polyp_frames is None:
        raise ConfigError(
            f"Nothing says where in '{data}' a polyp is in view",
            "Add --polyp-frames 30-45,60-95 (frames from 0), or --polyp-frames none.",
        )
    spans = Spans.parse(polyp_frames)
    source = open_source(data)
    stack.callback(source.close)
    return source.info.frames, video_frames(source, spans)
