"""``polyplive bench``."""

from __future__ import annotations

from typing import Any

from rich.markup import escape
from rich.table import Table

from polyplive.benchmark import BenchmarkSettings, benchmark
from polyplive.commands.messages import announce, check_json_target, print_whole, say, stdout, write_json
from polyplive.commands.session_setup import open_pipeline, settings_from
from polyplive.demo import demo_clip
from polyplive.progress import progress_bar
from polyplive.session import open_source


def bench(given: dict[str, Any]) -> int:
    """Measure, print a table, write the JSON."""
    check_json_target(given["json_path"])
    settings = settings_from(given)
    runs = BenchmarkSettings(given["frames"], given["runs"], settings.overlay.heatmap)
    source = open_source(given["video"] or demo_clip())
    try:
        with open_pipeline(settings) as pipeline:
            announce(pipeline.engine.spec)
            say(f"{runs.runs} runs of {runs.frames} frames in each mode; close other programs for steady figures.")
            with progress_bar("benchmark", 2 * runs.runs * runs.frames) as advance:
                figures = benchmark(source, pipeline, runs, advance)
    finally:
        source.close()
    if given["json_path"] is not None:  # first: stdout may be a pipe that nobody reads any more
        write_json(given["json_path"], figures)
    _print(figures)
    return 0


def _print(figures: dict[str, Any]) -> None:
    source = figures["source"]
    title = f"{escape(source['name'])}, {source['width']}x{source['height']}"
    table = Table("mode", "fps", "delay p50", "p99", title=title)
    for name, mode in figures["modes"].items():
        delay = mode["annotation_delay_ms"]
        table.add_row(name, f"{mode['fps']['mean']:.1f}", f"{delay['p50']:.1f} ms", f"{delay['p99']:.1f} ms")
    print_whole(table)
    stages = figures["modes"]["headless"]["stages_ms"]
    stdout.print("Stages, ms (p50): " + ", ".join(f"{stage} {values['p50']:.2f}" for stage, values in stages.items()))
