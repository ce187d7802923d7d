"""Groups of options that several commands share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

from polyplive.backends.factory import BACKENDS
from polyplive.backends.options import PRECISIONS
from polyplive.commands.paths import TypedPath

if TYPE_CHECKING:
    from collections.abc import Callable

    Command = Callable[..., Any]

_PATH = TypedPath()
_FILE = TypedPath(file=True)


class Seconds(click.FloatRange):
    """A time that a clock can show: neither infinite nor NaN, which pass every check of a range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """``value`` as seconds; a usage error when it is none."""
        seconds = float(super().convert(value, param, ctx))
        if not math.isfinite(seconds):
            self.fail(f"{value} is no time.", param, ctx)
        return seconds


def engine_options(command: Command) -> Command:
    """Which model runs, on what."""
    return _stack(
        command,
        click.option("--model", help="A shipped model's name, or an .onnx file; default: what suits this machine."),
        click.option("--backend", type=click.Choice(["auto", *BACKENDS]), help="Inference runtime."),
        click.option("--precision", type=click.Choice(PRECISIONS), help="Arithmetic."),
        click.option("--threads", type=click.IntRange(min=1), help="Processor threads for inference."),
        click.option("--config", type=_PATH, help="TOML file of settings; options here override it."),
    )


def pipeline_options(command: Command) -> Command:
    """How a frame becomes a prediction."""
    return _stack(
        command,
        click.option("--roi", metavar="auto|none|X,Y,W,H", help="Field of view that the model sees."),
        click.option("--threshold", type=float, help="Probability of a contour; default: the model's own."),
        click.option("--min-area", type=float, help="Smallest region kept, as a share of the field of view."),
        click.option(
            "--one-field/--both-fields", default=None, help="Interlaced motion: show the model one field; default."
        ),
    )


def overlay_options(command: Command) -> Command:
    """What is drawn."""
    return _stack(
        command,
        click.option("--contour/--no-contour", default=None, help="Outline of each polyp."),
        click.option("--mask/--no-mask", default=None, help="Tint inside it."),
        click.option("--heatmap/--no-heatmap", default=None, help="Grad-CAM."),
        click.option("--legend/--no-legend", default=None, help="The heatmap's colours."),
        click.option("--opacity", type=click.FloatRange(0, 1), help="Of tint and heatmap."),
    )


def finding_options(command: Command) -> Command:
    """When a finding is shown, where frames follow each other."""
    return _stack(
        command,
        click.option(
            "--min-frames", type=click.IntRange(1, 1000), help="Frames a finding must surely be in before it is shown."
        ),
        click.option(
            "--sure", type=float, help="Probability of a frame's finding that is evidence; default: the model's."
        ),
        click.option("--keep", type=float, help="Probability above which a finding that was shown stays; 1: none."),
    )


def capture_options(command: Command) -> Command:
    """What to ask a capture device for."""
    return _stack(
        command,
        click.option("--size", metavar="WIDTHxHEIGHT", help="Picture size to ask for."),
        click.option("--rate", type=click.FloatRange(min=0.1, max=1000), help="Frames a second to ask for."),
        click.option("--format", "pixel_format", metavar="FOURCC", help="Pixel format to ask for: MJPG, YUYV, ..."),
    )


def recording_options(command: Command) -> Command:
    """What a live session leaves."""
    return _stack(
        command,
        click.option("--record", type=_FILE, help="Overlay video (.mp4 or .mkv), with a list of its frames beside it."),
        click.option("--record-raw", type=_FILE, help="The same without the overlay."),
        click.option("--piece", type=click.FloatRange(min=0.05), help="Begin a new file after so many minutes."),
        click.option(
            "--keep-free",
            type=click.FloatRange(min=0),
            default=500.0,
            show_default=True,
            help="MiB of disk left alone.",
        ),
        click.option("--events", type=_FILE, help="Detections and states, one JSON object a line."),
        click.option("--report", type=_FILE, help="Summary as one HTML file."),
    )


def sink_options(command: Command) -> Command:
    """Where results go."""
    return _stack(
        command,
        click.option("--record", type=_FILE, help="Overlay video (.mp4 or .mkv)."),
        click.option("--events", type=_FILE, help="Detections, one JSON object a line."),
        click.option("--report", type=_FILE, help="Summary as one HTML file."),
    )


def settings_overrides(given: dict[str, Any]) -> dict[str, Any]:
    """The options of this module as dotted names of ``config.Settings``; None where not given."""
    return {
        "model": given.get("model"),
        "backend": given.get("backend"),
        "engine.precision": given.get("precision"),
        "engine.threads": given.get("threads"),
        "pipeline.roi": given.get("roi"),
        "pipeline.threshold": given.get("threshold"),
        "pipeline.min_area": given.get("min_area"),
        "pipeline.min_frames": given.get("min_frames"),
        "pipeline.sure": given.get("sure"),
        "pipeline.keep": given.get("keep"),
        "pipeline.one_field": given.get("one_field"),
        "overlay.contour": given.get("contour"),
        "overlay.mask": given.get("mask"),
        "overlay.heatmap": given.get("heatmap"),
        "overlay.legend": given.get("legend"),
        "overlay.opacity": given.get("opacity"),
    }


def _stack(command: Command, *options: Callable[[Command], Command]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command
