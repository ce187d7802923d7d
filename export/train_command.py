"""What ``polyplive train`` does."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import click

from polyplive.errors import ConfigError

from .recipe import Recipe, load_recipe
from .train import TrainingSettings, train


def run_train(given: dict[str, Any]) -> int:
    """Train with the command's options; one line an epoch on stderr. Returns the exit code."""
    if given["data"] is None:
        raise ConfigError("No pictures to train on", "Name their folder with --data.")
    recipe = load_recipe(given["recipe"]) if given["recipe"] else Recipe()
    changes = {name: given[name] for name in ("epochs", "seed") if given[name] is not None}
    settings = TrainingSettings(
        recipe=dataclasses.replace(recipe, **changes),
        data=given["data"],
        out=given["out"] or Path("runs") / recipe.architecture,
        resume=given["resume"],
        start_from=given["start_from"],
        teacher=given["teacher"],
        on_bad="skip" if given["skip_bad"] else "refuse",
    )
    best = train(settings, report=lambda line: click.echo(line, err=True))
    click.echo(f"Best weights: {best}")
    return 0
