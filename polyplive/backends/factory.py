"""The one place that maps the names of backends to classes."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from polyplive.backends.options import EngineOptions
from polyplive.errors import BackendUnavailable, ConfigError
from polyplive.manifest import DEFAULT_MODEL, find_model

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.backends.base import Engine

BACKENDS = ("openvino", "onnxruntime")
"""In the order in which ``auto`` tries them."""


def open_engine(
    model: str | Path = DEFAULT_MODEL, backend: str = "auto", options: EngineOptions | None = None
) -> Engine:
    """Compile ``model`` (a shipped name or the path of an ``.onnx`` file) with ``backend``.

    ``auto`` is the first of ``BACKENDS`` that is installed. The engine belongs to the calling thread.
    Raises ``ConfigError`` for an unknown backend, ``ModelError``, or ``EngineError``.
    """
    name = resolve_backend(backend)
    graph = find_model(model)
    options = options or EngineOptions()
    if name == "openvino":
        from polyplive.backends.openvino_engine import OpenVinoEngine

        return OpenVinoEngine(graph, options)
    from polyplive.backends.onnxruntime_engine import OnnxRuntimeEngine

    return OnnxRuntimeEngine(graph, options)


def installed_backends() -> tuple[str, ...]:
    """The backends whose runtime is installed, in the order of ``BACKENDS``; nothing is imported."""
    return tuple(name for name in BACKENDS if importlib.util.find_spec(name) is not None)


def resolve_backend(backend: str) -> str:
    """The backend that ``backend`` stands for on this machine (``auto``, or one of ``BACKENDS``)."""
    if backend != "auto" and backend not in BACKENDS:
        raise ConfigError(f"No backend '{backend}'", f"Choose auto, {', '.join(BACKENDS)}.")
    installed = installed_backends()
    if backend == "auto" and not installed:
        raise BackendUnavailable("No inference runtime is installed", "Install one with: pip install openvino")
    return installed[0] if backend == "auto" else backend
