"""What ``polyplive train`` does."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from polyplive.commands.train import TrainRequest

from .recipe import Recipe, load_recipe
from .train import TrainingSettings, train


def run_train(request: TrainRequest) -> int:
    """Train as ``request`` says; one line an epoch on stderr. Returns the exit code."""
    recipe = load_recipe(request.recipe) if request.recipe else Recipe()
    if request.epochs is not None:
        recipe = dataclasses.replace(recipe, epochs=request.epochs)
    if request.seed is not None:
        recipe = dataclasses.replace(recipe, seed=request.seed)
    settings = TrainingSettings(
        recipe=recipe,
        data=request.data,
        out=request.out or Path("runs") / recipe.architecture,
        resume=request.resume,
        start_from=request.start_from,
        teacher=request.teacher,
        on_bad="skip" if request.skip_bad else "refuse",
    )
    best = train(settings, report=lambda line: click.echo(line, err=True))
    click.echo(f"Best weights: {best}")
    return 0
