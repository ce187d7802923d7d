"""Which shipped model ``auto`` takes on this machine, and why."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive.backends.openvino import OPENVINO
from polyplive.backends.tensorrt.backend import TENSORRT
from polyplive.config import DEFAULT_MODEL
from polyplive.manifest import ACCURATE, BY_ACCURACY, FAST, find_graph, float16_name, shipped_models
from polyplive.system.machine import has_matrix_unit

if TYPE_CHECKING:
    from pathlib import Path

VARIABLE = "POLYPLIVE_MODEL"
"""The environment variable that sets the model for ``auto``: a shipped model's name, or the path of an ``.onnx`` file.
"""


@dataclass(frozen=True, slots=True)
class AutoModel:
    """The model that ``auto`` takes on this machine, and why."""

    name: str
    why: str


def auto_model(backend: str = OPENVINO.name, precision: str = "auto") -> AutoModel:
    """The accurate model if this machine is fast enough for it, else the fast one.

    Fast enough is a GPU with TensorRT or, with OpenVINO, a processor with a matrix unit for bfloat16 (AMX). The
    environment variable ``VARIABLE`` sets another model.
    """
    named = os.environ.get(VARIABLE, "")
    if named not in ("", DEFAULT_MODEL):
        return AutoModel(named, f"{VARIABLE} names it")
    if backend == TENSORRT.name:
        return AutoModel(ACCURATE, "it was made for a GPU")
    if backend == OPENVINO.name and precision != "float32" and has_matrix_unit():
        return AutoModel(ACCURATE, "this processor has AMX, and runs it in real time")
    return AutoModel(FAST, f"{ACCURATE} would be slow here")


def faster_model(model: str) -> str | None:
    """The shipped model that is the next faster one after the shipped ``model`` (or its float16 variant), if any."""
    place = next((i for i, name in enumerate(BY_ACCURACY) if model in (name, float16_name(name))), len(BY_ACCURACY))
    return next((name for name in BY_ACCURACY[place + 1 :] if name in shipped_models()), None)


def named_model(model: str, backend: str, precision: str) -> str:
    """``model``, or the name that ``auto`` stands for where ``backend`` runs it: see ``auto_model``."""
    return auto_model(backend, precision).name if model == DEFAULT_MODEL else model


def find_model(model: str | Path, backend: str = OPENVINO.name, precision: str = "auto") -> Path:
    """The graph that ``model`` names: as ``find_graph``, or for ``auto`` that of ``auto_model``.

    Raises ``ModelNotFound``.
    """
    if model != DEFAULT_MODEL:
        return find_graph(model)
    chosen = auto_model(backend, precision).name
    return find_graph(chosen, named_by="" if chosen in BY_ACCURACY else VARIABLE)
