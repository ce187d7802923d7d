"""The one place that maps the names of backends to classes, and that says which one ``auto`` is."""

from __future__ import annotations

import contextlib
import importlib.util
from typing import TYPE_CHECKING

from polyplive.backends.choice import check_precision, choose_graph
from polyplive.backends.float16_trial import stays_finite
from polyplive.backends.options import EngineOptions
from polyplive.errors import BackendUnavailable, ConfigError, EngineError
from polyplive.machine import has_nvidia_gpu
from polyplive.manifest import DEFAULT_MODEL, default_model, find_model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from polyplive.backends.base import Engine

BACKENDS = ("tensorrt", "openvino", "onnxruntime", "onnxruntime-cuda", "torch")
"""The order in which ``auto`` tries them; the last two are baselines that it never takes."""
_BASELINES, _NEED_GPU = ("onnxruntime-cuda", "torch"), ("tensorrt", "onnxruntime-cuda")
_MODULES = {
    "tensorrt": (("tensorrt", "tensorrt_rtx"), ("pycuda",)),
    "openvino": (("openvino",),),
    "onnxruntime": (("onnxruntime",),),
    "onnxruntime-cuda": (("onnxruntime",),),
    "torch": (("torch",), ("onnx",)),
}
"""Of each group one module must be there."""
_INSTALL = {
    "tensorrt": "Install with: pip install 'polyplive[tensorrt]' (PyCUDA needs NVIDIA's CUDA toolkit).",
    "openvino": "Install it with: pip install openvino",
    "onnxruntime": "Install it with: pip install onnxruntime",
    "onnxruntime-cuda": "Install it with: pip install onnxruntime-gpu",
    "torch": "Install with: pip install 'polyplive[train]'",
}


def open_engine(
    model: str | Path = DEFAULT_MODEL,
    backend: str = "auto",
    options: EngineOptions | None = None,
    notify: Callable[[str], None] = lambda _: None,
) -> Engine:
    """Compile ``model`` (a shipped name, the path of an ``.onnx`` file, or ``auto``) with ``backend``.

    ``auto`` takes the first of ``BACKENDS`` that this machine can run; one that fails gives way to the next. For
    TensorRT it takes the model's float16 variant, unless ``options`` ask for float32. ``notify``
    gets a line on what was passed over and why, and where opening takes long. The engine belongs to the calling
    thread. Raises ``ConfigError`` for an unknown backend, ``ModelError``, or ``EngineError``.
    """
    options = options or EngineOptions()
    names = _names(backend, notify)
    for place, name in enumerate(names):
        try:
            engine = _open(_graph(model, name, options, notify), name, options, notify)
        except (EngineError, ConfigError) as error:
            if place == len(names) - 1:
                raise
            notify(f"{name} cannot be used here ({error}); running on {names[place + 1]}")
        else:
            if backend == "auto":
                notify(f"Backend {name}: {_why(name)}")
            return engine
    raise AssertionError("there is always one")


def _graph(model: str | Path, backend: str, options: EngineOptions, notify: Callable[[str], None]) -> Path:
    graph = find_model(model, backend, options.precision)
    if model == DEFAULT_MODEL:
        chosen = default_model(backend, options.precision)
        notify(f"Model {chosen.name}: {chosen.why} (--model names another)")
    return graph


def _why(name: str) -> str:
    """Why ``auto`` took ``name``, in a few words."""
    if name == "tensorrt":
        return "an NVIDIA GPU is here, with TensorRT and PyCUDA"
    if name == "openvino":
        return "the fastest on a processor; the GPU is not used" if has_nvidia_gpu() else "no NVIDIA GPU is here"
    return "OpenVINO is not installed or does not work"


def installed_backends() -> tuple[str, ...]:
    """The backends that this machine can run, in the order of ``BACKENDS``; nothing is imported.

    Their packages are there, and an NVIDIA GPU for those that need one.
    """
    return tuple(name for name in BACKENDS if not missing(name) and (name not in _NEED_GPU or has_nvidia_gpu()))


def missing(backend: str) -> tuple[str, ...]:
    """What ``backend`` needs and is not installed."""
    groups = _MODULES[backend]
    return tuple(
        " or ".join(group) for group in groups if all(importlib.util.find_spec(name) is None for name in group)
    )


def resolve_backend(backend: str) -> str:
    """The backend that ``backend`` stands for on this machine (``auto``, or one of ``BACKENDS``)."""
    return _names(backend, lambda _: None)[0]


def _names(backend: str, notify: Callable[[str], None]) -> tuple[str, ...]:
    if backend != "auto":
        if backend not in BACKENDS:
            raise ConfigError(f"No backend '{backend}'", f"Choose auto, {', '.join(BACKENDS)}.")
        return (backend,)
    installed = tuple(name for name in installed_backends() if name not in _BASELINES)
    if not installed:
        raise BackendUnavailable("No inference runtime is installed", "Install one with: pip install openvino")
    if has_nvidia_gpu() and "tensorrt" not in installed:
        lacking = " and ".join(missing("tensorrt"))
        notify(f"This machine's NVIDIA GPU is not used: {lacking} is missing (see 'polyplive doctor')")
    return installed


def _open(model: Path, name: str, options: EngineOptions, notify: Callable[[str], None]) -> Engine:
    check_precision(name, options)
    if lacking := missing(name):
        raise BackendUnavailable(f"{name} needs {' and '.join(lacking)}, which is not installed", _INSTALL[name])
    if name == "tensorrt":
        return _open_tensorrt(model, options, notify)
    if name == "openvino":
        from polyplive.backends.openvino_engine import OpenVinoEngine

        return OpenVinoEngine(model, options)
    if name == "torch":
        from polyplive.export.torch_engine import TorchEngine

        baseline: Engine = TorchEngine(model, options)
        return baseline
    from polyplive.backends.onnxruntime_engine import OnnxRuntimeEngine

    return OnnxRuntimeEngine(model, options, name)


def _open_tensorrt(model: Path, options: EngineOptions, notify: Callable[[str], None]) -> Engine:
    """Of a model's float16 nobody may have seen an answer yet: it is tried, and float32 runs where it overflows."""
    from polyplive.backends.tensorrt_engine import TensorRtEngine

    choice = choose_graph(model, options)
    if choice.why:
        notify(choice.why)
    engine = TensorRtEngine(choice.graph, notify)
    with contextlib.ExitStack() as opened:
        opened.callback(engine.close)
        if choice.graph == model or stays_finite(engine):
            opened.pop_all()
            return engine
    what = f"In float16 the answers of '{model.stem}' are not numbers"
    if options.precision == "float16":
        raise BackendUnavailable(what, "Take --precision float32.")
    notify(f"{what}: TensorRT runs it in float32")
    return TensorRtEngine(model, notify)
