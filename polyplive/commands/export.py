"""``polyplive export``: calls ``polyplive.export``, which needs torch and onnx."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from polyplive.commands.needs import need_training_packages
from polyplive.commands.outputs import try_outputs
from polyplive.validation import check_fields


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """The request of ``polyplive export``.

    ``name`` is the model's name, None for that of its architecture. ``out`` is the folder for ``NAME.onnx`` and
    ``NAME.json``. ``check_folder`` holds pictures for the checks and for the heatmap's scale. ``facts`` is a TOML file
    for the manifest. ``size`` is the input's side in pixels, ``cam`` the heatmap, ``METHOD:LAYER[,LAYER]``; None: as
    in training.
    """

    checkpoint: Path
    name: str | None = None
    out: Path = Path()
    check_folder: Path | None = None
    cam: str | None = None
    size: Annotated[int, Meta(ge=32)] | None = None
    float16: bool = False
    int8_weights: bool = False
    facts: Path | None = None

    def __post_init__(self) -> None:
        check_fields(self)


def run(request: ExportRequest) -> int:
    """Export a checkpoint. Returns the exit code."""
    need_training_packages("polyplive export")
    try_outputs({"out": request.out})
    from polyplive.export.graph.command import run_export

    return int(run_export(request))
