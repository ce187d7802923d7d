"""The commands that make models."""

from __future__ import annotations

import sys
from typing import Any

import click

from polyplive.cli.group import EXISTING, cli
from polyplive.commands.requests import make_request


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
@click.option("--cam", metavar="METHOD:LAYER", help="The heatmap and its layers.  [default: the architecture's own]")
@click.option("--size", type=int, metavar="N", help="Input side in pixels.  [default: that of the training]")
@click.option("--float16", is_flag=True, help="Write NAME-fp16 as well, for TensorRT.")
@click.option("--int8-weights", is_flag=True, help="Keep the weights in eight bits: a quarter of the file.")
@click.option("--facts", type=EXISTING, metavar="FILE", help="TOML for the manifest: version, threshold, licences, ...")
def export(**options: Any) -> None:
    """Export a checkpoint, or a graph once more, to ONNX: mask and heatmap in one graph.

    The graph is verified before it is written. Needs the 'train' extra.
    """
    from polyplive.commands.export import ExportRequest, run

    sys.exit(run(make_request(ExportRequest, options)))


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
