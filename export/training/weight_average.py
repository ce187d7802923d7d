"""Averages the weights of several networks; the result is often better than each of them.

    python -m polyplive.export.training.weight_average [PARTS:]FILE... --out MIXED.pt

FILE is a checkpoint, a run's folder or an exported ``.onnx`` file; PARTS (1 if not given) is how much it counts (write
``./2:a.pt`` for a file of that name). All have to be of one architecture, and should come from one start: the mean of
networks that learnt apart from each other is worth nothing. Nor is that of a graph and a checkpoint, since a graph's
batch norm is folded into its convolutions. By default ``export`` takes the first one's side and the usual CAM layer.
(Wortsman et al., "Model soups", ICML 2022, section 2.)
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from polyplive.errors import ConfigError, PolypliveError, TrainingError

from ..graph.load_trained import load_trained, origin_of
from ..networks.segmentation import SegmentationNetwork
from .checkpoint import save_checkpoint


@dataclass(frozen=True, slots=True)
class WeightedCheckpoint:
    """A checkpoint, and its weight in the mean."""

    path: Path
    parts: float = 1.0

    @staticmethod
    def read(text: str) -> WeightedCheckpoint:
        """``PARTS:FILE`` or ``FILE``. Raises ``ConfigError`` for parts that are not above 0 or no file."""
        before, colon, path = text.partition(":")
        parts = _number(before) if colon else None
        if parts is None:
            path, parts = text, 1.0
        if not path:
            raise ConfigError(f"'{text}' names no file", "Write FILE, or 2:FILE for two parts of it.")
        if not 0 < parts <= _MOST_PARTS:
            raise ConfigError(f"'{path}' cannot count for '{before}' parts", f"Give a number above 0, as in 2:{path}.")
        return WeightedCheckpoint(Path(path), parts)


def _number(text: str) -> float | None:
    """None for a word, as in ``C:best.pt``; NaN for what is meant as a number and is none, as 1,5."""
    try:
        return float(text)
    except ValueError:
        return None if text.strip("0123456789.,") else math.nan


_MOST_PARTS = 1e9


def average_weights(checkpoints: Sequence[WeightedCheckpoint]) -> dict[str, Any]:
    """A checkpoint of the mean weights, with the first one's recipe.

    Batch norm's means and variances are weights here as well. Raises ``ConfigError`` without checkpoints, and what
    ``load_trained`` raises. Raises ``TrainingError`` where one is of another network than the first, or where a graph
    meets a checkpoint.
    """
    if not checkpoints:
        raise ConfigError("There is nothing to mix", "Name checkpoints or .onnx files.")
    whole = sum(item.parts for item in checkpoints)
    first, facts = load_trained(checkpoints[0].path)
    mean = {name: torch.zeros_like(value, dtype=torch.float64) for name, value in first.state_dict().items()}
    origins = []
    for item in checkpoints:
        network, told = (first, facts) if item is checkpoints[0] else load_trained(item.path)
        _check_alike(item.path, checkpoints[0].path, (network, told), (first, facts))
        for name, value in network.state_dict().items():
            mean[name] += value.double() * (item.parts / whole)
        known = {key: told[key] for key in ("epoch", "origins") if told.get(key)}
        origins.append({"parts": item.parts, **origin_of(item.path), **known})
    return {
        **{key: facts[key] for key in ("architecture", "options", "recipe", "size", "folded") if key in facts},
        "origins": {"mixture": origins},
        "weights": {  # counters are the first one's
            name: mean[name].to(value.dtype) if value.is_floating_point() else value
            for name, value in first.state_dict().items()
        },
        "epoch": None,
    }


_Trained = tuple[SegmentationNetwork, dict[str, Any]]


def _check_alike(path: Path, first_path: Path, trained: _Trained, first: _Trained) -> None:
    """Raise ``TrainingError`` unless a mean of both networks' weights can mean something."""
    if str(trained[0]) != str(first[0]):
        raise TrainingError(
            f"'{path}' holds another network than '{first_path}'",
            "Mix networks of one architecture with the same options.",
        )
    if bool(trained[1].get("folded")) != bool(first[1].get("folded")):
        raise TrainingError(
            f"Only one of '{path}' and '{first_path}' comes from a graph, which keeps its weights in another form",
            "Mix only what comes from graphs, or only what does not.",
        )


def main(arguments: list[str] | None = None) -> int:
    """The command above; refuses to overwrite."""
    parser = argparse.ArgumentParser(prog="weight_average", description="Take the mean of several networks' weights.")
    parser.add_argument("files", nargs="+", metavar="[PARTS:]FILE")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(arguments)
    try:
        _check_out(given.out)
        save_checkpoint(given.out, average_weights([WeightedCheckpoint.read(text) for text in given.files]))
    except PolypliveError as error:
        print(f"average_weights: {error}", file=sys.stderr)
        return 1
    print(f"Wrote {given.out}; polyplive export takes it, as it takes a run")
    return 0


def _check_out(out: Path) -> None:
    """Raise ``ConfigError`` where nothing can be written, or something was."""
    try:
        if out.suffix == ".onnx":
            raise ConfigError(f"'{out}' would be taken for a graph", "Name it .pt.")
        if out.exists():
            raise ConfigError(f"'{out}' is there already", "Name another --out.")
        if not out.parent.is_dir():
            raise ConfigError(f"There is no folder '{out.parent}'", "Make it, or name another --out.")
    except OSError as error:
        raise ConfigError(f"Cannot write '{out}': {error.strerror}", "Name another --out.") from None


if __name__ == "__main__":
    sys.exit(main())
