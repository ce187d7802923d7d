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
from polyplive.cli_options import (
    Seconds,
    capture_options,
    engine_options,
    finding_options,
    overlay_options,
    pipeline_options,
    recording_options,
    sink_options,
)
from polyplive.commands.paths import TypedPath
from polyplive.commands.stopping import INTERRUPTED, stopped_by_signals
from polyplive.commands.streams import discard_output, is_about_output, prepare_streams
from polyplive.errors import ConfigError, PolypliveError

EXISTING = TypedPath()
_FILE = TypedPath(file=True)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}, invoke_without_command=True
)
@click.version_option(__version__, message="polyplive %(version)s. " + RESEARCH_NOTICE)
@click.pass_context
def cli(context: click.Context) -> None:
    """Real-time colonoscopy overlay: polyp contours, masks and Grad-CAM heatmaps.

    Research use only. Not a medical device. Nothing leaves this machine.

    Begin with 'polyplive demo'; 'polyplive doctor' says what works on this machine.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@cli.command(epilog="Example: polyplive demo")
@click.option("--output", type=EXISTING, help="Write the overlay video, events and report into this folder.")
@click.option("--headless", is_flag=True, help="Write files also where a window could be opened.")
@engine_options
def demo(**given: Any) -> None:
    """Replay the rendered demo clip.

    Opens a window; with no display it writes the overlay video and says where.
    """
    from polyplive.commands.demo import demo as run

    sys.exit(run(given))


@cli.command(epilog="Example: polyplive replay procedure.mp4 --record overlay.mp4 --events events.jsonl")
@click.argument("video", type=EXISTING)
@click.option("--headless", is_flag=True, help="No window: process every frame as fast as possible, then end.")
@click.option("--start", type=Seconds(min=0), default=0.0, help="Begin at this second.")
@click.option("--frames", type=click.IntRange(min=1), help="Stop after this many frames.")
@click.option("--deinterlace", is_flag=True, help="For interlaced recordings.")
@click.option("--snapshots", type=EXISTING, help="Folder for the window's snapshots.")
@sink_options
@overlay_options
@finding_options
@pipeline_options
@engine_options
def replay(**given: Any) -> None:
    """Show a recorded procedure with contours, masks and heatmap."""
    from polyplive.commands.replay import replay as run

    sys.exit(run(given))


@cli.command(epilog="Example: polyplive live /dev/video0 --size 1920x1080 --rate 60 --record overlay.mp4")
@click.argument("device", required=False)
@click.option("--headless", is_flag=True, help="No window: for servers and scripts.")
@click.option("--frames", type=click.IntRange(min=1), help="End after this many frames.")
@click.option("--sound", is_flag=True, help="Beep at a new finding.")
@click.option("--snapshots", type=EXISTING, help="Folder for the window's snapshots.")
@capture_options
@recording_options
@overlay_options
@finding_options
@pipeline_options
@engine_options
def live(**given: Any) -> None:
    """Overlay on a capture card, camera, screen or stream, while it runs.

    DEVICE is an id or path that 'polyplive devices' lists, 'screen:0.0', or an address such as rtsp://host/stream;
    without it, the first device is taken. Video never waits for the model.
    """
    from polyplive.commands.live import live as run

    sys.exit(run(given))


@cli.command(epilog="Example: polyplive devices")
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
def devices(**given: Any) -> None:
    """List capture devices with their formats, sizes and rates."""
    from polyplive.commands.devices import devices as run

    sys.exit(run(given["as_json"]))


@cli.command(epilog="Example: polyplive evaluate kvasir-seg/validation --json figures.json")
@click.argument("data", type=EXISTING)
@click.option("--json", "json_path", type=_FILE, help="Write all figures to this file.")
@click.option("--skip-bad", is_flag=True, help="Leave out broken or incomplete pairs, and name them.")
@click.option("--page", type=_FILE, help="Write a page (.html): tables, calibration, the worst pictures.")
@click.option("--robustness", is_flag=True, help="Also spoil the pictures in eleven ways, and say what each costs.")
@click.option(
    "--group-by", metavar="REGEX", help="Figures for each part of the names that this finds: '^C[0-9]' a hospital."
)
@click.option("--recording", is_flag=True, help="The folder's pictures follow each other: measure what a viewer sees.")
@click.option("--polyp-frames", metavar="SPANS", help="Of a video file: where a polyp is in view, as 30-45,60-95.")
@pipeline_options
@finding_options
@engine_options
def evaluate(**given: Any) -> None:
    """Measure a model on a folder of images/ and masks/, or on a recording.

    Files belong together by name, whatever their extension or size. In a recording findings are withheld as in a live
    session, and it is measured how often a polyp is outlined, how often something else is, and how often that flickers.
    """
    from polyplive.commands.evaluate import evaluate as run

    sys.exit(run(given))


@cli.command(epilog="Example: polyplive bench --compare openvino,mask --compare onnxruntime --json bench.json")
@click.option("--video", type=EXISTING, help="What to process end to end; default: the rendered demo clip.")
@click.option("--frames", type=click.IntRange(min=10), default=1000, show_default=True, help="Frames a run.")
@click.option("--runs", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--display/--no-display", default=None, help="Measure in the window too; default: where there is one.")
@click.option(
    "--compare",
    multiple=True,
    metavar="WORDS",
    help="An engine to run in turn with this one: backend, precision, model, mask (no heatmap), between commas.",
)
@click.option("--against", type=EXISTING, help="JSON of an earlier benchmark: print the ratios to it.")
@click.option("--json", "json_path", type=_FILE, help="Write all figures to this file.")
@click.option("--chart", type=_FILE, help="Write a page (.html) with the delays over frames and their distribution.")
@click.option("--heatmap/--no-heatmap", default=None, help="Grad-CAM.")
@pipeline_options
@engine_options
def bench(**given: Any) -> None:
    """Measure speed on this machine: the engine alone, the whole path without a window, and in the window."""
    from polyplive.commands.bench import bench as run

    sys.exit(run(given))


@cli.command(epilog="Example: polyplive build polyplive-fast")
@click.argument("model", required=False)
@click.option("--precision", type=click.Choice(["auto", "float32", "float16"]), help="Default: float16.")
@click.option("--force", is_flag=True, help="Build anew even where a sound engine is cached.")
def build(**given: Any) -> None:
    """Compile a model's TensorRT engines for this machine and keep them (needs the 'tensorrt' extra).

    MODEL is a shipped model's name or an .onnx file. Without this, the first start builds what it needs.
    """
    from polyplive.commands.build import build as run

    sys.exit(run(given))


@cli.command(epilog="Example: polyplive train --data kvasir-seg --out runs/mine")
@click.option("--recipe", help="A shipped recipe's name or a TOML file.")
@click.option("--data", type=EXISTING, help="Folder with train/ and validation/, each with images/ and masks/.")
@click.option("--out", type=EXISTING, help="Folder of the run: checkpoints, metrics, curves.")
@click.option("--resume", is_flag=True, help="Go on where a run in --out was cut off.")
@click.option(
    "--start-from", type=EXISTING, help="Begin with the weights of another run's checkpoint, or of an .onnx file."
)
@click.option(
    "--teacher", type=EXISTING, help="Checkpoint or .onnx file to learn from, if the recipe has a teacher_share."
)
@click.option("--skip-bad", is_flag=True, help="Leave out broken or incomplete pairs, and name them.")
@click.option("--epochs", type=click.IntRange(min=1))
@click.option("--seed", type=int)
def train(**given: Any) -> None:
    """Train a segmentation network (needs the 'train' extra)."""
    from polyplive.commands.train import train as run

    sys.exit(run(given))


@cli.command(epilog="Example: polyplive export runs/mine --name mine --out engines")
@click.argument("checkpoint", type=EXISTING)
@click.option("--name", help="The model's name; default: its architecture.")
@click.option("--out", type=EXISTING, default=Path(), help="Folder for NAME.onnx and NAME.json.")
@click.option("--check", "check_folder", type=EXISTING, help="Folder of images/ and masks/ for checks and scales.")
@click.option("--cam-layer", help="Where the Grad-CAM is taken; default: the architecture's own.")
@click.option("--size", type=click.IntRange(min=32), help="Input side; default: the training size.")
@click.option("--float16", is_flag=True, help="Write NAME-fp16 as well, for TensorRT.")
@click.option("--int8-weights", is_flag=True, help="Keep the weights in eight bits: a quarter of the file.")
@click.option("--facts", type=EXISTING, help="TOML file of facts for the manifest: version, threshold, licences, ...")
def export(**given: Any) -> None:
    """Export a checkpoint to ONNX with mask and Grad-CAM in one verified graph (needs the 'train' extra)."""
    from polyplive.commands.export import export as run

    sys.exit(run(given))


@cli.command(epilog="Example: polyplive doctor")
def doctor() -> None:
    """Say what works on this machine, and what to install for the rest."""
    from polyplive.commands.doctor import doctor as run

    sys.exit(run())


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0, 1 (failed), 2 (usage), 130 (interrupted), 143 (SIGTERM).

    Every error is one line on stderr. With POLYPLIVE_DEBUG set, the traceback follows.
    """
    prepare_streams()
    with stopped_by_signals() as stop:
        code = _run(arguments)
        if code == INTERRUPTED or (code == 0 and stop.signal is not None):
            return _fail(stop.code, f"stopped by {stop.cause}.")
    return code


def _run(arguments: list[str] | None) -> int:
    try:
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
    with contextlib.suppress(OSError):  # a stderr that takes nothing more
        click.echo("polyplive: " + " ".join(text.split()), err=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
