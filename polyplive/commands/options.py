"""Groups of options that several commands share, and the layout of their help.

Types here only distinguish numbers from words; the request or the setting checks the value.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, get_args

import click

from polyplive.backends.registry import BACKENDS
from polyplive.commands.paths import TypedPath
from polyplive.config import KEEP_FREE_MIB, MIN_AREA, PRECISIONS, RELEASE_PROBABILITY, CamTarget
from polyplive.types import HeatStyle, StereoOption, ViewOption

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Command = Callable[..., Any]

_PATH = TypedPath()
_FILE = TypedPath(file=True)


class GroupedOption(click.Option):
    """An option with a heading in the help of its command."""

    def __init__(self, *arguments: Any, heading: str, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.heading = heading


class GroupedCommand(click.Command):
    """A command whose help lists its own options first, then each group under its heading."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """See ``click.Command``."""
        groups: dict[str, list[tuple[str, str]]] = {"Options": []}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                groups.setdefault(getattr(parameter, "heading", "Options"), []).append(record)
        for heading, records in groups.items():
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records, col_max=26)


class PictureSize(click.ParamType):  # type: ignore[type-arg]  # click 8.1 has no argument there
    """A size, written as 1920x1080."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """``value`` as (width, height), both at least 1; a usage error for anything else."""
        found = re.fullmatch(r"(\d{1,5})[x,](\d{1,5})", str(value).strip().lower())
        if found is None or not int(found[1]) or not int(found[2]):
            self.fail(f"'{value}' is no picture size. Write it as 1920x1080.", param, ctx)
        return int(found[1]), int(found[2])


class Seconds(click.ParamType):  # type: ignore[type-arg]  # click 8.1 has no argument there
    """A time in seconds, neither infinite nor NaN."""

    name = "seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """``value`` as seconds; a usage error for anything else."""
        seconds = float(click.FLOAT.convert(value, param, ctx))
        if not math.isfinite(seconds):
            self.fail(f"{value} is no time.", param, ctx)
        return seconds


def engine_options(command: Command) -> Command:
    """Which model runs, on what."""
    return _stack(
        command,
        "Model",
        option("--model", metavar="NAME", help="A shipped model or an .onnx file.  [default: what suits this machine]"),
        _choice("--backend", ["auto", *BACKENDS], "NAME", "Runtime"),
        _choice("--precision", PRECISIONS, "NAME", "Arithmetic"),
        option("--threads", type=int, metavar="N", help="Processor threads for the model."),
        option("--config", type=_PATH, metavar="FILE", help="Settings (TOML); options here override it."),
    )


def source_options(command: Command) -> Command:
    """Which picture of the source plays."""
    return _stack(
        command,
        "Source",
        option("--stream", type=int, metavar="N", help="Which of several video streams, from 1.  [default: the best]"),
        _choice("--stereo", get_args(StereoOption), "HALF", "Which half of 3D pictures", "the left eye if flagged"),
    )


def path_options(command: Command) -> Command:
    """How outputs name files."""
    text = "Outputs name files with their folders.  [default: file names only, since folders may name a patient]"
    return _stack(command, "Files", option("--full-paths", is_flag=True, default=None, help=text))


def window_options(command: Command) -> Command:
    """The window, where one opens."""
    return _stack(
        command,
        "Window",
        option("--snapshots", type=_PATH, metavar="FOLDER", help="For the window's snapshots."),
        _choice("--view", get_args(ViewOption), "NAME", "What draws the picture", "auto"),
    )


def pipeline_options(command: Command) -> Command:
    """How a frame becomes a prediction."""
    return _stack(
        command,
        "Prediction",
        option("--roi", metavar="REGION", help="Part that the model sees: auto, none (all of it) or x,y,w,h."),
        option("--threshold", type=float, metavar="P", help="Outline what is above P.  [default: the model's own]"),
        option(
            "--min-area",
            type=float,
            metavar="SHARE",
            help=f"Smallest region, as a share of the field of view.  [default: {MIN_AREA:g}]",
        ),
        option(
            "--one-field/--both-fields",
            default=None,
            help="Show the model one field of a frame with interlaced motion.  [default: one-field]",
        ),
    )


def overlay_options(command: Command) -> Command:
    """What is drawn."""
    return _stack(
        command,
        "Overlay",
        option("--contour/--no-contour", default=None, help="Outline of each polyp."),
        option("--mask/--no-mask", default=None, help="Tint inside it."),
        option("--heatmap/--no-heatmap", default=None, help="Heatmap of what raises the score."),
        _choice("--heat-style", get_args(HeatStyle), "NAME", "Heat as colours, or as lines of equal heat", "filled"),
        option("--heat-everywhere/--heat-at-findings", default=None, help="Heat that belongs to no finding, too."),
        _choice(
            "--cam-target",
            get_args(CamTarget),
            "NAME",
            "What heat explains: all, each finding, what nearly fired",
            "mask",
        ),
        option("--heat-of", type=int, metavar="N", help="Heat of finding number N alone."),
        option("--heat-smoothing/--no-heat-smoothing", default=None, help="Heat that is steadied over time."),
        option("--legend/--no-legend", default=None, help="The heatmap's colours."),
        option("--opacity", type=float, metavar="SHARE", help="Of tint and heatmap, from 0 to 1."),
        option("--caption/--no-caption", default=None, help="Frame, time and model in a corner."),
        option("--status/--no-status", default=None, help="The session's state in a corner."),
        option("--figures/--no-figures", default=None, help="Rates and delays in a corner."),
    )


def finding_options(command: Command) -> Command:
    """When a finding is shown, for consecutive frames."""
    return _stack(
        command,
        "Findings",
        option("--min-frames", type=int, metavar="N", help="Show a finding after evidence of N frames; 1: at once."),
        option(
            "--confirm-probability",
            type=float,
            metavar="P",
            help="A frame is evidence where a part of the finding is above P.  [default: the model's own]",
        ),
        option(
            "--release-probability",
            type=float,
            metavar="P",
            help=f"A shown finding stays while above P; 1: above the threshold.  [default: {RELEASE_PROBABILITY:g}]",
        ),
    )


def capture_options(command: Command) -> Command:
    """What to request from a capture device."""
    return _stack(
        command,
        "Capture",
        option("--size", type=PictureSize(), metavar="WxH", help="Picture size to ask for, as 1920x1080."),
        option("--rate", type=float, metavar="FPS", help="Frames a second to ask for."),
        option("--format", "pixel_format", metavar="FOURCC", help="Pixel format to ask for: MJPG, YUYV, ..."),
    )


def governor_options(command: Command) -> Command:
    """Whether a live session may do less to keep up."""
    return _stack(
        command,
        "Prediction",
        option(
            "--governor/--no-governor",
            default=None,
            help="Where results come too late: fewer heatmaps, then a faster model.  [default: governor]",
        ),
    )


def recording_options(command: Command) -> Command:
    """What a live session records."""
    return _stack(
        command,
        "Files",
        option("--record", type=_FILE, metavar="FILE", help="Overlay video (.mp4, .mkv), its frames listed beside it."),
        option("--record-raw", type=_FILE, metavar="FILE", help="The same without the overlay."),
        option("--lossless", is_flag=True, default=None, help="Raw recordings hold every sample; ten times as large."),
        option("--segment", "segment_minutes", type=float, metavar="MINUTES", help="Begin a new file after so long."),
        option(
            "--keep-free",
            "keep_free_mib",
            type=float,
            metavar="MIB",
            help=f"Stop recording while less of the disk is free.  [default: {KEEP_FREE_MIB:g}]",
        ),
        option("--events", type=_FILE, metavar="FILE", help="Detections and states, one JSON object a line."),
        option("--report", type=_FILE, metavar="FILE", help="Summary as one HTML file."),
        option(
            "--restream",
            metavar="ADDRESS",
            help="Send the picture to other programs, as http://127.0.0.1:8080; port 0 takes a free one.",
        ),
    )


def sink_options(command: Command) -> Command:
    """Where results go."""
    return _stack(
        command,
        "Files",
        option("--record", type=_FILE, metavar="FILE", help="Overlay video (.mp4 or .mkv), with the sound."),
        option("--no-sound", "sound", flag_value=False, default=None, help="Record without the sound."),
        option("--events", type=_FILE, metavar="FILE", help="Detections, one JSON object a line."),
        option("--report", type=_FILE, metavar="FILE", help="Summary as one HTML file."),
    )


def option(*names: str, **more: Any) -> Callable[[str], Callable[[Command], Command]]:
    """A function that makes an option under a given heading."""
    return lambda heading: click.option(*names, cls=GroupedOption, heading=heading, **more)


def _choice(
    name: str, choices: Sequence[str], metavar: str, text: str, default: str = ""
) -> Callable[[str], Callable[[Command], Command]]:
    """The same for an option with one of ``choices``, which its help names after ``text``."""
    said = f"{text}: {', '.join(choices)}." + (f"  [default: {default}]" if default else "")
    return option(name, type=click.Choice(choices), metavar=metavar, help=said)


def _stack(command: Command, heading: str, *options: Callable[[str], Callable[[Command], Command]]) -> Command:
    for made in reversed(options):
        command = made(heading)(command)
    return command
