"""Opens a model with a backend: ``open_engine``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.backends.auto_model import auto_model, find_model
from polyplive.backends.cam_target import TargetedEngine
from polyplive.backends.map_graph import MapGraph
from polyplive.backends.registry import AUTO, candidates
from polyplive.config import DEFAULT_MODEL, EngineOptions
from polyplive.errors import ConfigError, EngineError, ModelError, PolypliveError

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.backends.base import Backend, Engine, Notify


def open_engine(
    model: str | Path = DEFAULT_MODEL,
    backend: str = AUTO,
    options: EngineOptions | None = None,
    notify: Notify = lambda _: None,
    *,
    is_parallel: bool = False,
    threshold: float | None = None,
) -> Engine:
    """Compile ``model`` (a shipped name, the path of an ``.onnx`` file, or ``auto``) with ``backend``.

    ``auto`` takes the first backend of the registry that this machine can run; if it fails, the next one. For TensorRT
    it takes the model's float16 variant, unless ``options`` ask for float32. ``notify`` gets a line for each skipped
    backend, and when opening takes long. With ``is_parallel`` it takes several pictures at once where the runtime can:
    more of them in a second, each of them later. ``threshold`` is what the session marks above (None: the model's own),
    for heat of what nearly fired. The engine belongs to the calling thread.

    Raises ``ConfigError`` for an unknown backend, ``ModelError``, or ``EngineError``.
    """
    options = options or EngineOptions()
    found = candidates(backend, notify)
    for place, candidate in enumerate(found):
        try:
            graph = _graph(model, candidate, options, notify)
            opener = (candidate.open_parallel if is_parallel else None) or candidate.open
            engine = _targeted(opener(graph, options, notify), graph, options, threshold)
        except (EngineError, ConfigError) as error:
            if place == len(found) - 1:
                raise
            notify(f"{candidate.name} cannot be used here ({error}); running on {found[place + 1].name}")
        else:
            if backend == AUTO:
                notify(f"Backend {candidate.name}: {candidate.why()}")
            return engine
    raise AssertionError("there is always one")


def _graph(model: str | Path, backend: Backend, options: EngineOptions, notify: Notify) -> Path:
    """The graph that ``backend`` is to run, once it is known that it can."""
    graph = find_model(model, backend.name, options.precision)
    if model == DEFAULT_MODEL:
        chosen = auto_model(backend.name, options.precision)
        notify(f"Model {chosen.name}: {chosen.why} (--model names another)")
    backend.check_precision(options)
    if options.cam_target != "mask" and backend.needs_gpu:  # opening it may take minutes
        raise ConfigError(
            f"{backend.name} computes the heatmap of the whole mask only, not of '{options.cam_target}'",
            "Take --backend openvino, or --cam-target mask.",
        )
    backend.check_installed()
    return graph


def _targeted(engine: Engine, graph: Path, options: EngineOptions, threshold: float | None) -> Engine:
    """``engine`` with a heatmap of what ``options`` want. Closes it where that cannot be had."""
    if options.cam_target == "mask":
        return engine
    manifest = engine.spec.manifest
    try:
        half = engine.spec.precision == "bfloat16"
        maps = MapGraph(graph, manifest.sha256, manifest.cam, threads=options.threads, half=half)
    except ModelError as error:
        engine.close()
        raise type(error)(error.message, "Export the model again, or take --cam-target mask.") from None
    except PolypliveError:
        engine.close()
        raise
    return TargetedEngine(engine, maps, options.cam_target, threshold)
