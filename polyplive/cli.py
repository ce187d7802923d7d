"""The command line: one short function a command. Results go to stdout, everything else to stderr.

Each function imports what its command needs when it runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Any

import click

from polyplive import RESEARCH_NOTICE, __version__
from polyplive.benchmark.figures import FRAMES, RUNS
from polyplive.commands.options import (
    GroupedCommand,
    Seconds,
    capture_options,
    engine_options,
    finding_options,
    governor_options,
    overlay_options,
    path_options,
    pipeline_options,
    recording_options,
    sink_options,
    source_options,
    window_options,
)
from polyplive.commands.paths import TypedPath
from polyplive.commands.requests import (
    PICTURES_ONLY,
    RECORDINGS_ONLY,
    check_confirmation,
    make_request,
    without,
)
from polyplive.commands.streams import discard_output, is_about_output, prepare_streams, report_crashes
from polyplive.config import LIVE_MIN_FRAMES
from polyplive.errors import ConfigError, PolypliveError
from polyplive.system.stopping import INTERRUPTED, interruptible, stopped_by_signals

EXISTING = TypedPath()
_FILE = TypedPath(file=True)


class _Commands(click.Group):
    command_class = GroupedCommand

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that ``args`` begin with; a file alone is played, as a desktop starts programs with files.

        The address of a stream alone is shown live. What looks like a file and is none is said as such.
        """
        first = args[0] if args else ""
        if first and first not in self.commands:
            if "://" in first:
                args = ["live", *args]
            elif Path(first).name != first or Path(first).suffix or os.path.isfile(first):  # noqa: PTH113 - raises nothing
                args = ["replay", *args]
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    invoke_without_command=True,
)
@click.version_option(__version__, message="polyplive %(version)s. " + RESEARCH_NOTICE)
@click.pass_context
def cli(context: click.Context) -> None:
    """Real-time colonoscopy overlay: polyp contours, masks and Grad-CAM heatmaps.

    Research use only. Not a medical device. Nothing leaves this machine.

    Without a command the window opens; with a video's name alone it plays that. Begin with 'polyplive demo'. 'polyplive
    doctor' says what works on this machine.
    """
    if context.invoked_subcommand is None:
        from polyplive.commands import window

        sys.exit(window.run())


@cli.command("demo", epilog="Example: polyplive demo")
@click.option("--output", type=EXISTING, metavar="FOLDER", help="Write overlay video, events and report into it.")
@click.option("--headless", is_flag=True, help="Write files also where a window could be opened.")
@engine_options
def demo_command(**options: Any) -> None:
    """Replay the rendered demo clip.

    Opens a window; with no display it writes the overlay video and says where.
    """
    from polyplive.commands import demo, window

    request = make_request(demo.DemoRequest, options)
    sys.exit(window.run_demo(request.settings) if demo.wants_window(request) else demo.run(request))


@cli.command("replay", epilog="Example: polyplive replay procedure.mp4 --record overlay.mp4 --events events.jsonl")
@click.argument("video", type=EXISTING)
@click.option("--headless", is_flag=True, help="No window: process every frame as fast as possible, then end.")
@click.option("--start", "start_s", type=Seconds(), metavar="SECONDS", help="Where to begin.")
@click.option("--frames", type=int, metavar="N", help="Stop after N frames.")
@click.option("--follow", is_flag=True, help="The video is still being written: go on as it grows.")
@click.option(
    "--idle",
    "idle_s",
    type=Seconds(),
    metavar="SECONDS",
    help="With --follow: end when it has not grown for so long.  [default: 10]",
)
@click.option("--deinterlace", is_flag=True, help="For interlaced recordings.")
@window_options
@source_options
@sink_options
@path_options
@overlay_options
@finding_options
@pipeline_options
@engine_options
def replay_command(**options: Any) -> None:
    """Show a recorded procedure with contours, masks and heatmap."""
    from polyplive.commands import replay, window

    request = make_request(replay.ReplayRequest, options)
    check_confirmation(options, request.settings.pipeline.min_frames)
    sys.exit(replay.run(request) if request.headless else window.run_replay(request))


@cli.command("live", epilog="Example: polyplive live /dev/video0 --size 1920x1080 --rate 60 --record overlay.mp4")
@click.argument("device", required=False)
@click.option("--headless", is_flag=True, help="No window: for servers and scripts.")
@click.option("--frames", type=int, metavar="N", help="End after N frames.")
@click.option("--sound", is_flag=True, help="Beep at a new finding.")
@window_options
@source_options
@capture_options
@recording_options
@path_options
@overlay_options
@finding_options
@pipeline_options
@governor_options
@engine_options
def live_command(**options: Any) -> None:
    """Overlay on a running capture card, camera, screen or stream.

    DEVICE is an id or path that 'polyplive devices' lists, 'screen:0.0', or an address such as rtsp://host/stream;
    without it, the first device is taken. Video never waits for the model.
    """
    from polyplive.commands import live, window

    request = make_request(live.LiveRequest, options)
    check_confirmation(options, request.settings.pipeline.min_frames or LIVE_MIN_FRAMES)
    sys.exit(live.run(request) if request.headless else window.run_live(request))


@cli.command(epilog="Example: polyplive devices")
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
def devices(**options: Any) -> None:
    """List capture devices with their formats, sizes and rates."""
    from polyplive.commands.devices import DevicesRequest, run

    sys.exit(run(make_request(DevicesRequest, options)))


@cli.command("evaluate", epilog="Example: polyplive evaluate kvasir-seg/validation --json figures.json")
@click.argument("data", type=EXISTING)
@click.option("--json", "json_path", type=_FILE, metavar="FILE", help="Write all figures to it.")
@click.option("--skip-bad", is_flag=True, help="Leave out broken or incomplete pairs, and name them.")
@click.option("--page", type=_FILE, metavar="FILE", help="Write a page (.html): tables, charts, the worst pictures.")
@click.option("--robustness", is_flag=True, help="Also spoil the pictures in eleven ways, and say what each costs.")
@click.option(
    "--group-by", metavar="REGEX", help="Figures for each part of the names that this finds: '^C[0-9]' a hospital."
)
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
@click.option("--json", "json_path", type=_FILE, metavar="FILE", help="Write all figures to it.")
@click.option("--chart", type=_FILE, metavar="FILE", help="Write a page (.html) with the delays over frames.")
@click.option("--profile", type=_FILE, metavar="FILE", help="Write a page (.html): where each ms of 30 frames goes.")
@click.option("--heatmap/--no-heatmap", default=None, help="Grad-CAM.")
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


@cli.command(epilog="Example: polyplive build polyplive-fast")
@click.argument("model", required=False)
@click.option(
    "--precision",
    type=click.Choice(["auto", "float32", "float16"]),
    metavar="NAME",
    help="float32 or float16.  [default: float16]",
)
@click.option("--force", is_flag=True, help="Build anew even where a sound engine is cached.")
def build(**options: Any) -> None:
    """Compile a model's TensorRT engines and keep them.

    Needs the 'tensorrt' extra. MODEL is a shipped model's name or an .onnx file. Without this, the first start builds
    what it needs.
    """
    from polyplive.commands.build import BuildRequest, run

    sys.exit(run(make_request(BuildRequest, options)))


@cli.command(epilog="Example: polyplive train --data kvasir-seg --out runs/mine")
@click.option("--recipe", metavar="NAME", help="A shipped recipe's name or a TOML file.")
@click.option(
    "--data",
    type=EXISTING,
    metavar="FOLDER",
    required=True,
    help="With train/ and validation/, each with images/ and masks/.",
)
@click.option("--out", type=EXISTING, metavar="FOLDER", help="Of the run: checkpoints, metrics, curves.")
@click.option("--resume", is_flag=True, help="Go on where a run in --out was cut off.")
@click.option(
    "--start-from", type=EXISTING, help="Begin with the weights of another run's checkpoint, or of an .onnx file."
)
@click.option(
    "--teacher", type=EXISTING, help="Checkpoint or .onnx file to learn from, if the recipe has a teacher_share."
)
@click.option("--skip-bad", is_flag=True, help="Leave out broken or incomplete pairs, and name them.")
@click.option("--epochs", type=int, metavar="N", help="Instead of the recipe's.")
@click.option("--seed", type=int, metavar="N", help="Instead of the recipe's.")
def train(**options: Any) -> None:
    """Train a segmentation network (needs the 'train' extra)."""
    from polyplive.commands.train import TrainRequest, run

    sys.exit(run(make_request(TrainRequest, options)))


@cli.command(epilog="Example: polyplive export runs/mine --name mine --out engines")
@click.argument("checkpoint", type=EXISTING)
@click.option("--name", help="The model's.  [default: its architecture]", metavar="NAME")
@click.option("--out", type=EXISTING, metavar="FOLDER", help="For NAME.onnx and NAME.json.  [default: this one]")
@click.option("--check", "check_folder", type=EXISTING, metavar="FOLDER", help="Pictures for checks and scales.")
@click.option("--cam-layer", metavar="NAME", help="Where the Grad-CAM is taken.  [default: the architecture's own]")
@click.option("--size", type=int, metavar="N", help="Input side in pixels.  [default: that of the training]")
@click.option("--float16", is_flag=True, help="Write NAME-fp16 as well, for TensorRT.")
@click.option("--int8-weights", is_flag=True, help="Keep the weights in eight bits: a quarter of the file.")
@click.option("--facts", type=EXISTING, metavar="FILE", help="TOML for the manifest: version, threshold, licences, ...")
def export(**options: Any) -> None:
    """Export a checkpoint to ONNX: mask and Grad-CAM in one graph.

    The graph is verified before it is written. Needs the 'train' extra.
    """
    from polyplive.commands.export import ExportRequest, run

    sys.exit(run(make_request(ExportRequest, options)))


@cli.command(epilog="Example: polyplive doctor")
@click.option("--measure", is_flag=True, help="Measure anew which model and runtime keep up with live video.")
def doctor(**options: Any) -> None:
    """Say what works here, and what to install for the rest."""
    from polyplive.commands.doctor import DoctorRequest, run

    sys.exit(run(make_request(DoctorRequest, options)))


@cli.command("desktop-entry", epilog="Example: polyplive desktop-entry")
@click.option("--remove", is_flag=True, help="Take it away again.")
def desktop_entry(**options: Any) -> None:
    """Put polyplive into the menu of the desktop (Linux), for this user."""
    from polyplive.commands.desktop_entry import DesktopEntryRequest, run

    sys.exit(run(make_request(DesktopEntryRequest, options)))


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0, 1 (failed), 2 (usage), 130 (interrupted), 143 (SIGTERM).

    Every error is one line on stderr. With POLYPLIVE_DEBUG set, the traceback follows.
    """
    prepare_streams()
    report_crashes()
    with stopped_by_signals() as stop:
        code = _run(arguments)
        if code == INTERRUPTED or stop.signal is not None:
            return _fail(stop.code, f"stopped by {stop.cause}.")
    return code


def _run(arguments: list[str] | None) -> int:
    try:
        with interruptible():
            cli.main(args=arguments, prog_name="polyplive", standalone_mode=False)
        sys.stdout.flush()
    except (click.exceptions.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except click.UsageError as error:
        return _fail(2, f"{error.format_message()} See 'polyplive {_command(error)}--help'.")
    except click.ClickException as error:
        return _fail(1, error.format_message())
    except PolypliveError as error:
        return _fail(2 if isinstance(error, ConfigError) else 1, str(error))
    except BrokenPipeError:
        discard_output()
        return 1
    except SystemExit as done:
        return int(done.code or 0)
    except OSError as error:
        if not is_about_output(error):
            return _unexpected(error)
        discard_output()
        return _fail(1, f"Cannot write the results to stdout: {error.strerror}. Send them to another place.")
    except Exception as error:
        return _unexpected(error)
    return 0


def _unexpected(error: Exception) -> int:
    return _fail(1, f"Unexpected {type(error).__name__}: {error}. Set POLYPLIVE_DEBUG=1 and report what it shows.")


def _command(error: click.UsageError) -> str:
    name = error.ctx.info_name if error.ctx is not None and error.ctx.parent is not None else None
    return f"{name} " if name else ""


def _fail(code: int, text: str) -> int:
    if os.environ.get("POLYPLIVE_DEBUG"):
        import traceback

        traceback.print_exc()
    with contextlib.suppress(OSError):  # stderr is closed or full
        click.echo("polyplive: " + " ".join(text.split()), err=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
