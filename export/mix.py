"""One network whose weights are the mean of several networks' weights, which is often better than any of them.

    python -m polyplive.export.mix [PARTS:]FILE... --out MIXED.pt

FILE is a checkpoint, a run's folder or an exported ``.onnx`` file; PARTS (1 if not given) is how much it counts. All
have to be of one architecture, and should come from one start: the mean of networks that learnt apart from each other
is worth nothing. Nor is that of a graph and a checkpoint, since a graph's batch norm is folded into its convolutions.
(Wortsman et al., "Model soups", ICML 2022, section 2.)
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from polyplive.errors import ConfigError, PolypliveError, TrainingError

from .checkpoint import save_checkpoint
from .trained import load_trained, origin_of


@dataclass(frozen=True, slots=True)
class Ingredient:
    """Trained weights, and how many parts of the mixture are theirs."""

    path: Path
    parts: float = 1.0

    @staticmethod
    def read(text: str) -> Ingredient:
        """``PARTS:FILE`` or ``FILE``. Raises ``ConfigError`` for parts that are not above 0."""
        found = re.fullmatch(r"([\d.]+):(.+)", text)
        if found is None:
            return Ingredient(Path(text))
        try:
            parts = float(found[1])
        except ValueError:
            parts = 0.0
        if not 0 < parts < float("inf"):
            raise ConfigError(f"'{text}' counts for '{found[1]}' parts", "Write it as 2:FILE.")
        return Ingredient(Path(found[2]), parts)


def mix(ingredients: Sequence[Ingredient]) -> dict[str, Any]:
    """A checkpoint of the mean weights, with the first one's recipe.

    Batch norm's means and variances are weights here as well. Raises ``ConfigError`` for no ingredients or both kinds,
    ``TrainingError`` where one is of another network than the first, and what ``load_trained`` raises.
    """
    if not ingredients:
        raise ConfigError("There is nothing to mix", "Name checkpoints or .onnx files.")
    if len({item.path.suffix == ".onnx" for item in ingredients}) == 2:
        raise ConfigError("Graphs and checkpoints keep their weights in different forms", "Mix either alone.")
    whole = sum(item.parts for item in ingredients)
    first, facts = load_trained(ingredients[0].path)
    mean = {name: value.double() * (ingredients[0].parts / whole) for name, value in first.state_dict().items()}
    for item in ingredients[1:]:
        weights = load_trained(item.path)[0].state_dict()
        if _shapes(weights) != _shapes(mean):
            raise TrainingError(
                f"'{item.path}' holds another network than '{ingredients[0].path}'",
                "Mix checkpoints of one architecture with the same options.",
            )
        for name, value in weights.items():
            mean[name] += value.double() * (item.parts / whole)
    return {
        "architecture": facts["architecture"],
        "options": facts["options"],
        "recipe": facts["recipe"],
        "origins": {"mixture": [{"parts": item.parts, **origin_of(item.path)} for item in ingredients]},
        "weights": {name: mean[name].to(value.dtype) for name, value in first.state_dict().items()},
        "epoch": None,
    }


def _shapes(weights: dict[str, Tensor]) -> dict[str, torch.Size]:
    return {name: value.shape for name, value in weights.items()}


def main(arguments: list[str] | None = None) -> int:
    """The command above; refuses to overwrite."""
    parser = argparse.ArgumentParser(prog="mix", description="Take the mean of several networks' weights.")
    parser.add_argument("files", nargs="+", metavar="[PARTS:]FILE")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(arguments)
    try:
        if given.out.exists():
            raise ConfigError(f"'{given.out}' is there already", "Name another --out.")
        save_checkpoint(given.out, mix([Ingredient.read(text) for text in given.files]))
    except PolypliveError as error:
        print(f"mix: {error}", file=sys.stderr)
        return 1
    print(f"Wrote {given.out}; polyplive export takes it, as it takes a run")
    return 0


if __name__ == "__main__":
    sys.exit(main())
