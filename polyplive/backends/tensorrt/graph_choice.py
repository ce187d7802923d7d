"""Which of a model's graphs TensorRT runs, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive.backends.tensorrt.engine_cache import default_folder
from polyplive.errors import BackendUnavailable, ExportError
from polyplive.manifest import find_float16, load_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.config import EngineOptions


@dataclass(frozen=True, slots=True)
class Choice:
    """The graph to run; ``why`` is a line for the user, empty if there was no choice."""

    graph: Path
    why: str = ""


def choose_graph(graph: Path, options: EngineOptions) -> Choice:
    """The graph of the model that TensorRT runs at the precision of ``options``.

    TensorRT takes its precision from the graph: float16 is another file, beside the model or made on this machine.
    Raises ``ModelError``, and ``BackendUnavailable`` if float16 is requested and cannot be made.
    """
    if options.precision == "float32" or load_manifest(graph).precision == "float16":
        return Choice(graph)
    try:
        half = find_float16(graph) or _made_float16(graph)
    except (ExportError, OSError, ImportError) as error:
        if options.precision == "float16":
            why, hint = (error.message, error.hint) if isinstance(error, ExportError) else (error, "Take float32.")
            raise BackendUnavailable(f"There is no float16 of '{graph.name}': {why}", hint) from None
        return Choice(graph, f"TensorRT runs {graph.stem} in float32, since there is no float16 of it: {error}")
    return Choice(half, f"TensorRT runs {half.stem}: float16 (--precision float32 for the other)")


def ready_graph(graph: Path, options: EngineOptions) -> Path | None:
    """The result of ``choose_graph``, or None if it would first have to make the float16 graph. Writes nothing."""
    if options.precision == "float32" or load_manifest(graph).precision == "float16":
        return graph
    if half := find_float16(graph):
        return half
    try:
        from polyplive.export.precision.float16_file import float16_path
    except ImportError:  # then TensorRT runs the float32 graph
        return graph
    made: Path = float16_path(graph, default_folder())
    return made if made.is_file() else None


def _made_float16(graph: Path) -> Path:
    """The float16 graph, made with the ``onnx`` package and kept beside the compiled engines."""
    try:
        from polyplive.export.precision.float16_file import float16_file
    except ImportError as error:
        raise ImportError(f"making it needs the package onnx ({error})") from None
    made: Path = float16_file(graph, default_folder())
    return made
