"""``polyplive bench``."""

from __future__ import annotations

import contextlib
import functools
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta

from polyplive.backends.auto_model import named_model
from polyplive.backends.factory import open_engine
from polyplive.backends.parallel import WAITING
from polyplive.backends.registry import BACKENDS
from polyplive.benchmark.against import compare_documents, differences, load_document
from polyplive.benchmark.candidate import Candidate, check_candidate, parse_candidate
from polyplive.benchmark.comparison import comparison_length, run_comparison
from polyplive.benchmark.document import make_document
from polyplive.benchmark.figures import FRAMES, RUNS, WARM_UP, BenchmarkSettings
from polyplive.benchmark.modes import run_modes, tensors
from polyplive.benchmark.process_cost import ProcessCost, process_cost, process_cost_length
from polyplive.benchmark.remarks import (
    Remark,
    comparison_remarks,
    cost_remarks,
    gpu_remarks,
    measured_again,
    mode_remarks,
    run_remarks,
)
from polyplive.benchmark.tables import MODE_NAMES, comparison_table, mode_table, ratio_text, remark_lines
from polyplive.commands.messages import (
    announce,
    print_tables,
    say,
    say_notices,
    stdout,
    write_json,
    write_text,
)
from polyplive.commands.outputs import check_outputs, try_outputs
from polyplive.commands.session_setup import require_display
from polyplive.config import Settings
from polyplive.evaluation.demo_truth import demo_clip
from polyplive.pages.benchmark import benchmark_page
from polyplive.pages.profile import profile_page
from polyplive.pipeline.facts import fact_sentence
from polyplive.sessions.engine_room.opening import OFFLINE, SameModelOpener
from polyplive.sessions.engine_room.process_engine import ProcessEngine
from polyplive.sessions.opening import open_pipeline, open_video
from polyplive.sessions.tuning.tuned import by_rule
from polyplive.system.gpu_facts import gpu_facts
from polyplive.system.machine import window_problem
from polyplive.system.progress import progress_bar
from polyplive.types import StereoOption
from polyplive.validation import check_fields
from polyplive.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from polyplive.backends.base import Engine
    from polyplive.benchmark.against import Ratio
    from polyplive.benchmark.figures import ModeFigures
    from polyplive.pipeline.pipeline import Pipeline
    from polyplive.sources.base import Source


@dataclass(frozen=True, slots=True)
class BenchRequest:
    """The request of ``polyplive bench``.

    ``video`` is None for the demo clip, ``stream`` the number of its video stream, None for the best, ``stereo`` the
    half shown of 3D pictures. ``display``: measure in the window too (None: if there is a display). ``compare`` lists
    engines to run in turns. ``against`` is an earlier benchmark's JSON. ``json_path``, ``chart`` and
    ``profile`` are files to write.
    """

    settings: Settings = field(default_factory=Settings)
    video: Path | None = None
    stream: Annotated[int, Meta(ge=1)] | None = None
    stereo: StereoOption | None = None
    frames: Annotated[int, Meta(ge=10)] = FRAMES
    runs: Annotated[int, Meta(ge=1)] = RUNS
    display: bool | None = None
    compare: tuple[str, ...] = ()
    against: Path | None = None
    json_path: Path | None = None
    chart: Path | None = None
    profile: Path | None = None

    def __post_init__(self) -> None:
        check_fields(self)


def run(request: BenchRequest) -> int:
    """Measure, print tables, write JSON and chart. Returns the exit code."""
    outputs = {"json": request.json_path, "chart": request.chart, "profile": request.profile}
    check_outputs(outputs, request.video)
    old = load_document(request.against) if request.against is not None else None
    settings = request.settings
    candidates = _candidates(request.compare, settings)
    asked = BenchmarkSettings(request.frames, request.runs, settings.overlay.heatmap is not False)
    open_clip = functools.partial(
        open_video,
        request.video or demo_clip(),
        full_path=settings.full_paths,
        stream=request.stream,
        stereo=request.stereo,
    )
    try_outputs(outputs, request.video)
    document, modes = _measure(open_clip, settings, asked, request.display)
    if candidates:
        engines = [_as_measured(each, document, settings) for each in candidates]
        rows, doubts = measured_again(lambda: _compare(open_clip, engines, asked), comparison_remarks, say)
        document["compare"] = rows
        document["remarks"] += [doubt.as_json() for doubt in doubts]
    against = compare_documents(document, old) if old is not None else {}
    document["against"] = {name: ratio.as_json() for name, ratio in against.items()}
    # Write files first: stdout may be a closed pipe.
    if request.json_path is not None:
        write_json(request.json_path, document)
    if request.chart is not None:
        delays = {name: mode.video_delays or mode.annotation_delays for name, mode in modes.items()}
        write_text(request.chart, benchmark_page(document, delays, against))
    if request.profile is not None:
        write_text(request.profile, profile_page(document, modes))
    _print(document, against, differences(document, old) if old is not None else [])
    return 0


def _measure(
    open_clip: Callable[[], Source], settings: Settings, asked: BenchmarkSettings, display: bool | None
) -> tuple[dict[str, Any], dict[str, ModeFigures]]:
    """Measure every mode that this machine can run. Returns the JSON document and the figures."""
    skipped = _why_no_display(display)
    source = open_clip()
    say_notices(source.info)
    try:
        with open_pipeline(settings, say) as pipeline:
            facts = pipeline.facts
            announce(pipeline.engine.spec)
            say(
                f"{counted(asked.runs, 'run')} of {counted(asked.frames, 'frame')} in each mode,"
                f" after {WARM_UP} to warm up; close other programs for steady figures."
            )
            modes, remarks = _run_modes(source, pipeline, settings, asked)
            cost, doubts = measured_again(
                lambda: _process_cost(pipeline.engine, source, settings, asked),
                lambda cost: cost_remarks(cost.as_json()),
                say,
            )
            remarks += doubts
            gpu = gpu_facts()  # the engine is still open, the GPU still warm
            remarks += gpu_remarks(gpu)
    finally:
        source.close()
    if not skipped:
        modes["display"], doubts = _run_display(open_clip, settings, asked)
        remarks += doubts
    return make_document(facts, source.info, asked, modes, skipped, cost, gpu, remarks), modes


def _run_modes(
    source: Source, pipeline: Pipeline, settings: Settings, asked: BenchmarkSettings
) -> tuple[dict[str, ModeFigures], list[Remark]]:
    """The engine alone and the whole path, measured again where they are doubtful."""
    with _as_replayed(pipeline, settings) as several:

        def measure() -> dict[str, ModeFigures]:
            with progress_bar("engine, end to end", 2 * asked.runs * asked.frames) as advance:
                return run_modes(source, pipeline.engine, several, asked, advance)

        def doubts(modes: dict[str, ModeFigures]) -> list[Remark]:
            figures = {name: mode.figures() for name, mode in modes.items()}
            return mode_remarks(figures, at_once=several.requests - WAITING)

        return measured_again(measure, doubts, say)


def _run_display(
    open_clip: Callable[[], Source], settings: Settings, asked: BenchmarkSettings
) -> tuple[ModeFigures, list[Remark]]:
    """The live window, measured again where its runs lie far apart."""
    from polyplive.gui.bench_display import run_display

    live = by_rule(settings)  # of a live session: the same on every machine

    def measure() -> ModeFigures:
        with progress_bar("in the window", asked.runs * asked.frames) as advance:
            return run_display(open_clip, SameModelOpener(live, say), live, asked, advance)

    return measured_again(measure, lambda mode: run_remarks("display", mode.rates), say)


@contextlib.contextmanager
def _as_replayed(pipeline: Pipeline, settings: Settings) -> Iterator[Pipeline]:
    """The pipeline of a replay on the same backend: with several pictures at once, where that has them."""
    spec = pipeline.engine.spec
    backend = BACKENDS.get(spec.backend)
    if backend is None or backend.open_parallel is None:
        yield pipeline
        return
    model = named_model(settings.model, spec.backend, settings.engine.precision)
    with open_pipeline(replace(settings, model=model, backend=spec.backend), say, is_parallel=True) as several:
        yield several


def _process_cost(here: Engine, source: Source, settings: Settings, asked: BenchmarkSettings) -> ProcessCost:
    """Compare the open engine with the same one in a process of its own."""
    spec = here.spec
    model = named_model(settings.model, spec.backend, settings.engine.precision)
    opener = functools.partial(open_engine, model, spec.backend, settings.engine)
    there = ProcessEngine(opener, OFFLINE, say)
    try:
        with progress_bar("in a process", process_cost_length(asked.frames)) as advance:
            return process_cost(here, there, tensors(source, spec), asked.frames, advance)
    finally:
        there.close()


def _why_no_display(wanted: bool | None) -> dict[str, str]:
    if wanted is False:
        return {"display": "--no-display asks for none"}
    if wanted:
        require_display("Leave --display out.")
        return {}
    problem = window_problem()
    return {} if problem is None else {"display": problem}


def _candidates(texts: tuple[str, ...], settings: Settings) -> list[Candidate]:
    """The command's own settings first, then each ``--compare``."""
    if not texts:
        return []
    cam = settings.overlay.heatmap is not False
    own = Candidate("as configured", settings.model, settings.backend, settings.engine, cam)
    candidates = [own, *(parse_candidate(text, own) for text in texts)]
    for candidate in candidates:
        check_candidate(candidate)
    return candidates


def _as_measured(candidate: Candidate, document: dict[str, Any], settings: Settings) -> Candidate:
    """The settings with ``auto`` replaced by what it has just chosen, so that this is not chosen and reported again."""
    model = named_model(candidate.model, document["backend"], settings.engine.precision)
    candidate = replace(candidate, model=model)
    if candidate.backend == "auto":
        candidate = replace(candidate, backend=document["backend"])
    return candidate


def _compare(open_clip: Callable[[], Source], candidates: list[Candidate], asked: BenchmarkSettings) -> list[Any]:
    source = open_clip()
    try:
        with progress_bar("engines in turn", comparison_length(len(candidates), asked.frames)) as advance:
            return run_comparison(candidates, lambda spec: tensors(source, spec), asked.frames, say, advance)
    finally:
        source.close()


def _print(document: dict[str, Any], against: dict[str, Ratio], differing: list[str]) -> None:
    source = document["source"]
    modes = replace(mode_table(document), title=f"{source['name']}, {source['width']}x{source['height']}")
    print_tables([modes])
    stdout.print(fact_sentence(document))
    stages = document["modes"]["headless"]["stages_ms"]
    stdout.print("Delays: median / 99th percentile, ms. Stages end to end, ms (median): "
                 + ", ".join(f"{stage} {values['p50']:.2f}" for stage, values in stages.items()))  # fmt: skip
    stdout.print(f"End to end runs at {ratio_text(document['headless_share_of_engine'])} of the engine's own rate.")
    cost = document["process_cost_ms"]
    stdout.print(
        f"A process of its own costs the model {cost['p50']:.2f} ms a frame ({cost['low']:.2f} to {cost['high']:.2f} in"
        f" nine of ten pairs of turns), the exchange alone {cost['exchange']:.2f} ms."
    )
    for name, why in document["skipped"].items():
        stdout.print(f"Not measured {MODE_NAMES[name]}: {why}.")
    if gpu := document["gpu"]:
        cut = ", ".join(gpu["throttled_by"] or ()) or "nothing"
        stdout.print(f"{gpu['name']}, driver {gpu['driver']}, {gpu['clock_mhz']} MHz; slowed by: {cut}")
    for line in remark_lines(document):
        stdout.print(f"Remark, {line}.")
    comparison = comparison_table(document)
    print_tables([comparison] if comparison else [])
    for name, ratio in against.items():
        sense = "" if ratio.is_clear else ": no clear difference"
        stdout.print(f"Against the earlier benchmark, {MODE_NAMES[name]}: {ratio} times its rate{sense}")
    for line in differing:
        stdout.print(f"Not alike: {line}")
