"""One network whose weights are the mean of several networks' weights, which is often better than any of them.

    python -m polyplive.export.mix [PARTS:]FILE... --out MIXED.pt

FILE is a checkpoint, a run's folder or an exported ``.onnx`` file; PARTS (1 if not given) is how much it counts (write
``./2:a.pt`` for a file of that name). All have to be of one architecture, and should come from one start: the mean of
networks that learnt apart from each other is worth nothing. Nor is that of a graph and a checkpoint, since a graph's
batch norm is folded into its convolutions. (Wortsman et al., "Model soups", ICML 2022, section 2.)
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from polyplive.errors import ConfigError, PolypliveError, TrainingError

from .checkpoint import save_checkpoint
from .networks import SegmentationNetwork
from .trained import load_trained, origin_of


@dataclass(frozen=True, slots=True)
class Ingredient:
    """Trained weights, and how many parts of the mixture are theirs."""

    path: Path
    parts: float = 1.0

    @staticmethod
    def read(text: str) -> Ingredient:
        """``PARTS:FILE`` or ``FILE``. Raises ``ConfigError`` for parts that are not above 0."""
        before, colon, path = text.partition(":")
        try:
            parts = float(before)
        except ValueError:
            parts = 0.0
            if not colon or before.strip("0123456789.,"):
                return Ingredient(Path(text))
        if not colon:
            return Ingredient(Path(text))
        if not 0 < parts < float("inf"):
            raise ConfigError(f"'{path}' cannot count for '{before}' parts", f"Give a number above 0, as in 2:{path}.")
        return Ingredient(Path(path), parts)


def mix(ingredients: Sequence[Ingredient]) -> dict[str, Any]:
    """A checkpoint of the mean weights, with the first one's recipe.

    Batch norm's means and variances are weights here as well. Raises ``ConfigError`` without ingredients,
    ``TrainingError`` where one is of another network than the first or is folded where the first is not, and what
    ``load_trained`` raises.
    """
    if not ingredients:
        raise ConfigError("There is nothing to mix", "Name checkpoints or .onnx files.")
    whole = sum(item.parts for item in ingredients)
    first, facts = load_trained(ingredients[0].path)
    mean = {name: torch.zeros_like(value, dtype=torch.float64) for name, value in first.state_dict().items()}
    origins = []
    for item in ingredients:
        network, told = load_trained(item.path)
        _check_alike(network, item.path, first, ingredients[0].path)
        for name, value in network.state_dict().items():
            mean[name] += value.double() * (item.parts / whole)
        origins.append({"parts": item.parts, **origin_of(item.path), "epoch": told.get("epoch")} | _named(told))
    return {
        **{key: facts[key] for key in ("architecture", "options", "recipe")},
        "origins": {"mixture": origins},
        "weights": {name: mean[name].to(value.dtype) for name, value in first.state_dict().items()},
        "epoch": None,
    }


def _named(told: dict[str, Any]) -> dict[str, Any]:
    """Where an ingredient itself came from, if it says so."""
    return {"origins": told["origins"]} if told["origins"] else {}


def _check_alike(network: SegmentationNetwork, path: Path, first: SegmentationNetwork, first_path: Path) -> None:
    """Raise ``TrainingError`` unless a mean of both networks' weights can mean something."""
    if str(network) != str(first):
        raise TrainingError(
            f"'{path}' holds another network than '{first_path}'",
            "Mix networks of one architecture with the same options.",
        )
    if _is_folded(network) != _is_folded(first):
        raise TrainingError(
            f"'{path}' and '{first_path}' keep their weights in different forms: one was read out of a graph",
            "Mix only graphs, or only checkpoints.",
        )


def _is_folded(network: SegmentationNetwork) -> bool:
    """Whether its batch norms do nothing but add, as ``network_from_graph`` leaves them."""
    norms = [module.state_dict() for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    return all(not norm["running_mean"].any() and bool((norm["running_var"] == 1).all()) for norm in norms)


def main(arguments: list[str] | None = None) -> int:
    """The command above; refuses to overwrite."""
    parser = argparse.ArgumentParser(prog="mix", description="Take the mean of several networks' weights.")
    parser.add_argument("files", nargs="+", metavar="[PARTS:]FILE")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(arguments)
    try:
        _check_out(given.out)
        save_checkpoint(given.out, mix([Ingredient.read(text) for text in given.files]))
    except PolypliveError as error:
        print(f"mix: {error}", file=sys.stderr)
        return 1
    print(f"Wrote {given.out}; polyplive export takes it, as it takes a run")
    return 0


def _check_out(out: Path) -> None:
    """Raise ``ConfigError`` where nothing can be written, or something was."""
    try:
        if out.exists():
            raise ConfigError(f"'{out}' is there already", "Name another --out.")
        if not out.parent.is_dir():
            raise ConfigError(f"There is no folder '{out.parent}'", "Make it, or name another --out.")
    except OSError as error:
        raise ConfigError(f"Cannot write '{out}': {error.strerror}", "Name another --out.") from None


if __name__ == "__main__":
    sys.exit(main())
