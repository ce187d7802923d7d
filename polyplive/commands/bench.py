"""``polyplive bench``."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from polyplive.benchmark.against import compare_documents, differences, load_document
from polyplive.benchmark.chart import chart_page
from polyplive.benchmark.contender import Contender, check_contender, parse_contender
from polyplive.benchmark.contest import contest_length, run_contest
from polyplive.benchmark.document import make_document
from polyplive.benchmark.modes import run_modes, tensors
from polyplive.benchmark.values import WARM_UP, BenchmarkSettings
from polyplive.benchmark.wording import MODE_WORDS, delay_words, ratio_words
from polyplive.commands.messages import (
    announce,
    check_targets,
    print_whole,
    say,
    stdout,
    write_json,
    write_text,
)
from polyplive.commands.session_setup import leave_room_for_video, open_pipeline, require_display, settings_from
from polyplive.demo import demo_clip
from polyplive.gpu_facts import gpu_facts
from polyplive.machine import window_problem
from polyplive.manifest import named_model
from polyplive.progress import progress_bar
from polyplive.session import open_source

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.benchmark.against import Ratio
    from polyplive.benchmark.values import ModeFigures
    from polyplive.config import Settings
    from polyplive.sources.base import Source


def bench(given: dict[str, Any]) -> int:
    """Measure, print tables, write JSON and chart."""
    check_targets(given["json_path"], given["chart"], "--chart")
    old = load_document(given["against"]) if given["against"] is not None else None
    settings = settings_from(given)
    contenders = _contenders(given["compare"], settings)
    asked = BenchmarkSettings(given["frames"], given["runs"], settings.overlay.heatmap)
    open_video = functools.partial(open_source, given["video"] or demo_clip())
    document, modes = _measure(open_video, settings, asked, given["display"])
    if contenders:
        document["compare"] = _compare(
            open_video, [_as_measured(each, document, settings) for each in contenders], asked
        )
    against = compare_documents(document, old) if old is not None else {}
    document["against"] = {name: ratio.as_json() for name, ratio in against.items()}
    # Files first: stdout may be a pipe that nobody reads any more.
    if given["json_path"] is not None:
        write_json(given["json_path"], document)
    if given["chart"] is not None:
        delays = {name: mode.video_delays or mode.annotation_delays for name, mode in modes.items()}
        write_text(given["chart"], chart_page(document, delays, against))
    _print(document, against, differences(document, old) if old is not None else [])
    return 0


def _measure(
    open_video: Callable[[], Source], settings: Settings, asked: BenchmarkSettings, display: bool | None
) -> tuple[dict[str, Any], dict[str, ModeFigures]]:
    """Every mode that can be run here, one after the other: the document of them, and their figures."""
    skipped = _why_no_display(display)
    source = open_video()
    try:
        with open_pipeline(settings) as pipeline:
            spec = pipeline.engine.spec
            announce(spec)
            say(
                f"{asked.runs} runs of {asked.frames} frames in each mode, after {WARM_UP} to warm up;"
                " close other programs for steady figures."
            )
            with progress_bar("engine, end to end", 2 * asked.runs * asked.frames) as advance:
                modes = run_modes(source, pipeline, asked, advance)
            gpu = gpu_facts()  # now: a closed engine holds no memory, and an idle GPU lowers its clocks
    finally:
        source.close()
    if not skipped:
        from polyplive.gui.bench_display import run_display

        with progress_bar("in the window", asked.runs * asked.frames) as advance:
            live = leave_room_for_video(settings)  # as in a live session
            modes["display"] = run_display(open_video, lambda: open_pipeline(live), live, asked, advance)
    return make_document(spec, source.info, asked, modes, skipped, gpu), modes


def _why_no_display(wanted: bool | None) -> dict[str, str]:
    if wanted is False:
        return {"display": "--no-display was given"}
    if wanted:
        require_display("Leave --display out.")
        return {}
    problem = window_problem()
    return {} if problem is None else {"display": problem}


def _contenders(texts: tuple[str, ...], settings: Settings) -> list[Contender]:
    """The command's own settings first, then every ``--compare``."""
    if not texts:
        return []
    own = Contender("as configured", settings.model, settings.backend, settings.engine, settings.overlay.heatmap)
    contenders = [own, *(parse_contender(text, own) for text in texts)]
    for contender in contenders:
        check_contender(contender)
    return contenders


def _as_measured(contender: Contender, document: dict[str, Any], settings: Settings) -> Contender:
    """``auto`` is what it was just now, without asking and saying so again."""
    model = named_model(contender.model, document["backend"], settings.engine.precision)
    contender = replace(contender, model=model)
    if contender.backend == "auto":
        contender = replace(contender, backend=document["backend"])
    return contender


def _compare(open_video: Callable[[], Source], contenders: list[Contender], asked: BenchmarkSettings) -> list[Any]:
    source = open_video()
    try:
        with progress_bar("engines in turn", contest_length(len(contenders), asked.frames)) as advance:
            return run_contest(contenders, lambda spec: tensors(source, spec), asked.frames, say, advance)
    finally:
        source.close()


def _print(document: dict[str, Any], against: dict[str, Ratio], differing: list[str]) -> None:
    source = document["source"]
    title = f"{escape(source['name'])}, {source['width']}x{source['height']}"
    table = Table("mode", "fps", "video delay", "annotation delay", title=title)
    for name, mode in document["modes"].items():
        delays = [delay_words(mode[kind]) for kind in ("video_delay_ms", "annotation_delay_ms")]
        table.add_row(MODE_WORDS[name], f"{mode['fps']['mean']:.1f}", *delays)
    print_whole(table)
    stages = document["modes"]["headless"]["stages_ms"]
    stdout.print("Delays: median / 99th percentile, ms. Stages end to end, ms (median): "
                 + ", ".join(f"{stage} {values['p50']:.2f}" for stage, values in stages.items()))  # fmt: skip
    stdout.print(f"End to end runs at {ratio_words(document['headless_share_of_engine'])} of the engine's own rate.")
    for name, why in document["skipped"].items():
        stdout.print(f"Not measured {MODE_WORDS[name]}: {why}.")
    if gpu := document["gpu"]:
        cut = ", ".join(gpu["throttled_by"] or ()) or "nothing"
        stdout.print(f"{gpu['name']}, driver {gpu['driver']}, {gpu['clock_mhz']} MHz; slowed by: {cut}", markup=False)
    _print_contest(document.get("compare", []))
    for name, ratio in against.items():
        sense = "" if ratio.is_clear else ": no clear difference"
        stdout.print(f"Against the earlier benchmark, {MODE_WORDS[name]}: {ratio} times its rate{sense}")
    for line in differing:
        stdout.print(f"Not alike: {line}", markup=False)


def _print_contest(rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    table = Table("engine", "runs", "gives", "fps", "ms (p50)", "rate to the first", title="Engines in turn")
    for row in rows:
        runs = f"{row['model']} on {row['backend']}"
        gives = "mask + heatmap" if row["cam"] else "mask"
        figures = (f"{row['fps']['p50']:.1f}", f"{row['infer_ms']['p50']:.2f}", ratio_words(row["to_first"]))
        table.add_row(escape(row["name"]), escape(runs), gives, *figures)
    print_whole(table)
