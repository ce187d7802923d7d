"""``polyplive train``: calls ``polyplive.export``, which needs torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from polyplive.commands.needs import need_training_packages
from polyplive.commands.outputs import try_outputs
from polyplive.validation import check_fields


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """The request of ``polyplive train``.

    ``data`` holds ``train/`` and ``validation/``; ``out`` is the folder of the run (None: named after the
    architecture). ``recipe`` is a shipped recipe's name or a TOML file, None for the defaults; ``epochs`` and ``seed``
    change it. ``start_from`` and ``teacher`` are checkpoints or ``.onnx`` files.
    """

    data: Path
    recipe: str | None = None
    out: Path | None = None
    resume: bool = False
    start_from: Path | None = None
    teacher: Path | None = None
    skip_bad: bool = False
    epochs: Annotated[int, Meta(ge=1)] | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        check_fields(self)


def run(request: TrainRequest) -> int:
    """Train a network. Returns the exit code."""
    need_training_packages("polyplive train")
    try_outputs({"out": request.out})
    from polyplive.export.training.command import run_train

    return int(run_train(request))
