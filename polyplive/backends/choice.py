"""Which of a model's graphs a backend runs, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive.errors import ConfigError, ModelNotFound
from polyplive.manifest import find_float16, float16_name

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.backends.options import EngineOptions


@dataclass(frozen=True, slots=True)
class Choice:
    """The graph that is to run; ``why`` is a line for the user, empty where there was nothing to choose."""

    graph: Path
    why: str = ""


def choose_graph(graph: Path, backend: str, options: EngineOptions) -> Choice:
    """The graph of the model that ``backend`` runs at the precision of ``options``.

    TensorRT takes its precision from the graph: float16 is another file. Raises ``ModelNotFound`` where that is asked
    for and not there.
    """
    if backend != "tensorrt" or options.precision == "float32":
        return Choice(graph)
    half = find_float16(graph)
    if half is not None:
        return Choice(half, f"TensorRT runs {half.stem}: float16 (--precision float32 for the other)")
    if options.precision == "float16" and not graph.stem.endswith(float16_name("")):
        raise ModelNotFound(
            f"There is no '{float16_name(graph.stem)}.onnx' beside '{graph.name}'",
            "Write it with 'polyplive export --float16', or take --precision float32.",
        )
    return Choice(graph)


def check_precision(backend: str, options: EngineOptions) -> None:
    """Raise ``ConfigError`` for a precision that ``backend`` does not have."""
    known = {
        "tensorrt": ("auto", "float32", "float16"),
        "openvino": ("auto", "float32", "bfloat16"),
        "onnxruntime": ("auto", "float32"),
        "onnxruntime-cuda": ("auto", "float32"),
        "torch": ("auto", "float32"),
    }[backend]
    if options.precision not in known:
        raise ConfigError(f"{backend} has no precision '{options.precision}'", f"It has: {', '.join(known)}.")
