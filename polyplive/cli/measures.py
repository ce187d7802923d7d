"""The commands that measure: a model on pictures and recordings, and the speed of a machine."""

from __future__ import annotations

import sys
from typing import Any

import click

from polyplive.benchmark.figures import FRAMES, RUNS
from polyplive.cli.group import EXISTING, FILE, cli
from polyplive.commands.options import (
    engine_options,
    finding_options,
    governor_options,
    path_options,
    pipeline_options,
    source_options,
)
from polyplive.commands.requests import PICTURES_ONLY, RECORDINGS_ONLY, check_confirmation, make_request, without
from polyplive.config import LIVE_MIN_FRAMES
from polyplive.evaluation.heatmaps.sample import PICTURES


@cli.command("evaluate", epilog="Example: polyplive evaluate kvasir-seg/validation --json figures.json")
@click.argument("data", type=EXISTING)
@click.option("--json", "json_path", type=FILE, metavar="FILE", help="Write all figures to it.")
@click.option("--skip-bad", is_flag=True, help="Leave out broken or incomplete pairs, and name them.")
@click.option("--page", type=FILE, metavar="FILE", help="Write a page (.html): tables, charts, the worst pictures.")
@click.option("--robustness", is_flag=True, help="Also spoil the pictures in eleven ways, and say what each costs.")
@click.option(
    "--group-by", metavar="REGEX", help="Figures for each part of the names that this finds: '^C[0-9]' a hospital."
)
@click.option("--explain", is_flag=True, help="Also measure how faithful the heatmap is, beside three controls.")
@click.option("--pictures", type=int, metavar="N", help=f"So many for --explain, evenly spaced.  [default: {PICTURES}]")
@click.option("--all-maps", is_flag=True, help="Measure other methods and layers too, with --explain.")
@click.option("--recording", is_flag=True, help="The folder's pictures follow each other: measure what a viewer sees.")
@click.option("--polyp-frames", metavar="SPANS", help="Of a video file: where a polyp is in view, as 30-45,60-95.")
@source_options
@path_options
@pipeline_options
@finding_options
@engine_options
def evaluate_command(**options: Any) -> None:
    """Measure a model on pictures, or on a recording.

    DATA is a folder of images/ and masks/, or a video. Files belong together by name, whatever their extension or
    size. In a recording findings are withheld as in a live session. It is measured how often a polyp is outlined, how
    often something else is, and how often that flickers.
    """
    from polyplive.commands import evaluate, evaluate_recording

    if options["recording"] or options["polyp_frames"] is not None or options["data"].is_file():
        asked = without(options, PICTURES_ONLY, "is for single pictures, not for a recording", "Leave it out.")
        recording = make_request(evaluate_recording.EvaluateRecordingRequest, asked)
        check_confirmation(options, recording.settings.pipeline.min_frames or LIVE_MIN_FRAMES)
        sys.exit(evaluate_recording.run(recording))
    hint = "Add --recording, or leave it out."
    asked = without(options, RECORDINGS_ONLY, "needs frames that follow each other", hint)
    sys.exit(evaluate.run(make_request(evaluate.EvaluatePicturesRequest, asked)))


@cli.command(
    "evaluate-procedures",
    epilog="Example: polyplive evaluate-procedures truth.json events.jsonl --page procedures.html",
)
@click.argument("truth", type=EXISTING)
@click.argument("found", type=EXISTING, nargs=-1, required=True)
@click.option(
    "--validation-truth", type=EXISTING, metavar="FILE", help="Truth of another recording, for the threshold."
)
@click.option("--validation-found", type=EXISTING, metavar="FILE", help="What was found in it.")
@click.option(
    "--target-fpr",
    type=float,
    metavar="SHARE",
    help="Of its frames without a lesion, as many may be flagged.  [default: 0.045]",
)
@click.option("--fps", type=float, metavar="N", help="Frames a second.  [default: as truth or events say]")
@click.option("--delays", type=EXISTING, metavar="EVENTS", help="A live session, for how late results are on screen.")
@click.option("--json", "json_path", type=FILE, metavar="FILE", help="Write all figures to it.")
@click.option("--page", type=FILE, metavar="FILE", help="Write a page (.html): tables, FROC, latency, false alerts.")
def evaluate_procedures(**options: Any) -> None:
    """Measure what was found in whole procedures.

    TRUTH is COCO ground truth with every frame listed. FOUND are COCO results of 'export-findings', or events. Lesions
    found, how soon, and false alerts an hour; the protocol TRUE-Colon beside our own figures.
    """
    from polyplive.commands.evaluate_procedures import EvaluateProceduresRequest, run

    sys.exit(run(make_request(EvaluateProceduresRequest, options)))


@cli.command(epilog="Example: polyplive bench --compare openvino,mask --compare onnxruntime --json bench.json")
@click.option("--video", type=EXISTING, metavar="FILE", help="What to process.  [default: the rendered demo clip]")
@click.option("--frames", type=int, metavar="N", help=f"Frames a run.  [default: {FRAMES}]")
@click.option("--runs", type=int, metavar="N", help=f"Runs of each mode.  [default: {RUNS}]")
@click.option("--display/--no-display", default=None, help="In the window too.  [default: where there is one]")
@click.option(
    "--compare",
    multiple=True,
    metavar="WORDS",
    help="An engine to run in turn with this one: backend, precision, model, mask (no heatmap), between commas.",
)
@click.option("--against", type=EXISTING, metavar="FILE", help="An earlier --json: print the ratios to it.")
@click.option("--json", "json_path", type=FILE, metavar="FILE", help="Write all figures to it.")
@click.option("--chart", type=FILE, metavar="FILE", help="Write a page (.html) with the delays over frames.")
@click.option("--profile", type=FILE, metavar="FILE", help="Write a page (.html): where each ms of 30 frames goes.")
@click.option("--heatmap/--no-heatmap", default=None, help="Heatmap of what raises the score.")
@source_options
@path_options
@pipeline_options
@governor_options
@engine_options
def bench(**options: Any) -> None:
    """Measure speed on this machine.

    The engine alone, the whole path without a window, and in the window.
    """
    from polyplive.commands.bench import BenchRequest, run

    sys.exit(run(make_request(BenchRequest, options)))
