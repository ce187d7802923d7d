"""Which of a model's graphs a backend runs, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive.backends.engine_cache import default_folder
from polyplive.errors import BackendUnavailable, ConfigError, ExportError
from polyplive.manifest import find_float16, load_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.backends.options import EngineOptions


@dataclass(frozen=True, slots=True)
class Choice:
    """The graph that is to run; ``why`` is a line for the user, empty where there was nothing to choose."""

    graph: Path
    why: str = ""


def choose_graph(graph: Path, options: EngineOptions) -> Choice:
    """The graph of the model that TensorRT runs at the precision of ``options``.

    It takes its precision from the graph: float16 is another file, beside the model or made on this machine.
    Raises ``ModelError``, and ``BackendUnavailable`` where float16 is asked for and cannot be made.
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


def _made_float16(graph: Path) -> Path:
    """Made with the ``onnx`` package, and kept beside the compiled engines."""
    try:
        from polyplive.export.float16_file import float16_file
    except ImportError as error:
        raise ImportError(f"making it needs the package onnx ({error})") from None
    made: Path = float16_file(graph, default_folder())
    return made


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
