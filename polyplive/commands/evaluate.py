"""``polyplive evaluate``."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

from polyplive.commands.evaluate_recording import evaluate_recording
from polyplive.commands.messages import (
    announce,
    check_targets,
    print_words,
    say,
    stdout,
    write_json,
    write_text,
)
from polyplive.commands.session_setup import open_pipeline, settings_from
from polyplive.disturbances import DISTURBANCES
from polyplive.errors import ConfigError
from polyplive.evaluate import evaluate as run_evaluation
from polyplive.evaluate import worst_pictures
from polyplive.evaluation import robustness
from polyplive.evaluation_page import evaluation_page
from polyplive.evaluation_tables import sentences, tables
from polyplive.image_folder import find_pairs
from polyplive.progress import progress_bar

if TYPE_CHECKING:
    from polyplive.disturbances import Disturbance
    from polyplive.evaluation import Evaluation

_RECORDINGS_ONLY = {"min_frames": "--min-frames", "sure": "--sure", "keep": "--keep"}


def evaluate(given: dict[str, Any]) -> int:
    """Measure pictures, or follow a recording; print tables, write the JSON and the page."""
    check_targets(given["json_path"], given["page"], "--page")
    if given["recording"] or given["polyp_frames"] is not None or given["data"].is_file():
        return evaluate_recording(given)
    return _evaluate_pictures(given)


def _evaluate_pictures(given: dict[str, Any]) -> int:
    """Single pictures are seen whole unless ``--roi`` says otherwise."""
    for name, option in _RECORDINGS_ONLY.items():
        if given[name] is not None:
            raise ConfigError(f"{option} needs frames that follow each other", "Add --recording, or leave it out.")
    group_by = _pattern(given["group_by"])
    settings = settings_from(given)
    seen = dataclasses.replace(settings.pipeline, roi=settings.pipeline.roi or "none", min_frames=1)
    settings = dataclasses.replace(settings, pipeline=seen)
    total = len(find_pairs(given["data"]).pairs)
    ways: dict[str, Disturbance] = DISTURBANCES if given["robustness"] else {}
    with open_pipeline(settings) as pipeline:
        announce(pipeline.engine.spec)
        with progress_bar(given["data"].name, total * (1 + len(ways))) as advance:

            def run(place: int, disturb: Disturbance | None) -> Evaluation:
                return run_evaluation(
                    given["data"],
                    pipeline,
                    on_bad="skip" if given["skip_bad"] else "refuse",
                    disturb=disturb,
                    on_image=lambda done, _: advance(place * total + done),
                )

            evaluation = run(0, None)
            spoilt = {name: run(place, way) for place, (name, way) in enumerate(ways.items(), start=1)}
        worst = worst_pictures(given["data"], evaluation, pipeline) if given["page"] is not None else []
    figures = evaluation.to_dict(group_by)
    figures["robustness"] = {name: robustness(evaluation, other) for name, other in spoilt.items()}
    for problem in evaluation.problems:
        say(f"left out: {problem}")
    if given["json_path"] is not None:  # first: stdout may be a pipe that nobody reads any more
        write_json(given["json_path"], figures)
    if given["page"] is not None:
        write_text(given["page"], evaluation_page(figures, worst))
    _print(figures)
    return 0


def _pattern(text: str | None) -> re.Pattern[str] | None:
    try:
        return re.compile(text) if text else None
    except re.error as error:
        raise ConfigError(f"--group-by '{text}' is no regular expression ({error})", "Mend it.") from None


def _print(figures: dict[str, Any]) -> None:
    print_words(tables(figures))
    for sentence in sentences(figures):
        stdout.print(sentence, markup=False)
