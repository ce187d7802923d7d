"""``polyplive evaluate`` of single pictures."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta

from polyplive.backends.auto_model import find_model
from polyplive.commands.messages import (
    announce,
    print_tables,
    say,
    stdout,
    write_json,
    write_text,
)
from polyplive.commands.outputs import check_outputs, try_outputs
from polyplive.config import Settings, of_mask
from polyplive.errors import ConfigError
from polyplive.evaluation.disturbances import DISTURBANCES
from polyplive.evaluation.heatmaps.figures import faithfulness_figures
from polyplive.evaluation.heatmaps.maps import all_maps, shipped_maps
from polyplive.evaluation.heatmaps.randomisation import RandomisedGraphs
from polyplive.evaluation.heatmaps.run import measure_faithfulness
from polyplive.evaluation.heatmaps.sample import PICTURES
from polyplive.evaluation.image_folder import find_pairs
from polyplive.evaluation.pictures.figures import robustness
from polyplive.evaluation.pictures.run import evaluate as run_evaluation
from polyplive.evaluation.pictures.tables import sentences, tables
from polyplive.evaluation.pictures.worst import worst_pictures
from polyplive.pages.evaluation import evaluation_page
from polyplive.pipeline.facts import fact_sentence
from polyplive.sessions.opening import open_pipeline
from polyplive.system.file_names import without_folders
from polyplive.system.progress import progress_bar
from polyplive.validation import check_fields

if TYPE_CHECKING:
    from polyplive.evaluation.disturbances import Disturbance
    from polyplive.evaluation.heatmaps.run import Faithfulness
    from polyplive.evaluation.pictures.figures import Evaluation
    from polyplive.pipeline.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class EvaluatePicturesRequest:
    """The request of ``polyplive evaluate`` for single pictures; ``data`` holds ``images/`` and ``masks/``.

    ``skip_bad`` leaves out broken pairs. ``group_by`` is a regular expression; what it matches in a name is the group.
    ``json_path`` and ``page`` are files to write. ``explain`` measures heatmaps too, on ``pictures`` of the folder;
    ``all_maps`` those of other methods and layers as well.
    """

    data: Path
    settings: Settings = field(default_factory=Settings)
    json_path: Path | None = None
    page: Path | None = None
    skip_bad: bool = False
    robustness: bool = False
    group_by: str | None = None
    explain: bool = False
    pictures: Annotated[int, Meta(ge=1)] | None = None
    all_maps: bool = False

    def __post_init__(self) -> None:
        check_fields(self)
        if self.pictures is not None and not self.explain:
            raise ConfigError("--pictures is for --explain: all others are measured on every picture", "Add --explain.")
        if self.all_maps and not self.explain:
            raise ConfigError("--all-maps is for --explain", "Add --explain.")


def run(request: EvaluatePicturesRequest) -> int:
    """Measure pictures; print tables, write the JSON and the page. Returns the exit code.

    The model sees whole pictures unless the settings have a ``roi``.
    """
    outputs = {"json": request.json_path, "page": request.page}
    check_outputs(outputs)
    group_by = _pattern(request.group_by)
    settings = request.settings
    seen = dataclasses.replace(settings.pipeline, roi=settings.pipeline.roi or "none", min_frames=1)
    settings = dataclasses.replace(settings, pipeline=seen, engine=of_mask(settings.engine))
    total = len(find_pairs(request.data).pairs)
    ways: dict[str, Disturbance] = DISTURBANCES if request.robustness else {}
    try_outputs(outputs)
    with open_pipeline(settings, say, is_parallel=True) as pipeline:
        announce(pipeline.engine.spec)
        with progress_bar(request.data.name, total * (1 + len(ways))) as advance:

            def measure(place: int, disturb: Disturbance | None) -> Evaluation:
                return run_evaluation(
                    request.data,
                    pipeline,
                    on_bad="skip" if request.skip_bad else "refuse",
                    disturb=disturb,
                    on_image=lambda done, _: advance(place * total + done),
                )

            evaluation = measure(0, None)
            spoilt = {name: measure(place, way) for place, (name, way) in enumerate(ways.items(), start=1)}
        worst = worst_pictures(request.data, evaluation, pipeline) if request.page is not None else []
        faithfulness = _faithfulness(request, pipeline) if request.explain else None
    figures = evaluation.to_dict(group_by)
    figures["explanation"]["faithfulness"] = faithfulness_figures(faithfulness) if faithfulness else None
    if settings.full_paths:
        figures["data"] = str(request.data.absolute())
    else:
        figures["skipped"] = [without_folders(problem) for problem in figures["skipped"]]
    figures["robustness"] = {name: robustness(evaluation, other) for name, other in spoilt.items()}
    for problem in evaluation.problems:
        say(f"left out: {problem}")
    if request.json_path is not None:  # first: stdout may be a closed pipe
        write_json(request.json_path, figures)
    if request.page is not None:
        write_text(request.page, evaluation_page(figures, worst))
    _print(figures)
    return 0


def _faithfulness(request: EvaluatePicturesRequest, pipeline: Pipeline) -> Faithfulness:
    """What ``--explain`` adds; with the engine that was just evaluated."""
    settings, backend = request.settings, pipeline.engine.spec.backend
    graph = find_model(settings.model, backend, settings.engine.precision)
    graphs = RandomisedGraphs(graph, backend, of_mask(settings.engine))
    chosen = min(request.pictures or PICTURES, len(find_pairs(request.data).pairs))
    made = all_maps(graph) if request.all_maps else contextlib.nullcontext(shipped_maps)
    with made as maps_from, progress_bar("heatmaps", chosen * (1 + len(graphs.stages()))) as advance:
        return measure_faithfulness(
            request.data,
            pipeline,
            graphs,
            pictures=chosen,
            on_bad="skip" if request.skip_bad else "refuse",
            maps_from=maps_from,
            on_step=lambda done, _: advance(done),
        )


def _pattern(text: str | None) -> re.Pattern[str] | None:
    try:
        return re.compile(text) if text else None
    except re.error as error:
        raise ConfigError(f"--group-by '{text}' is no regular expression ({error})", "Mend it.") from None


def _print(figures: dict[str, Any]) -> None:
    print_tables(tables(figures))
    stdout.print(fact_sentence(figures))
    for sentence in sentences(figures):
        stdout.print(sentence)
