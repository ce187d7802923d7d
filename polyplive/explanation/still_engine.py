"""Opens what explains a frame: the deployed engine, and the source of the maps."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive.backends.auto_model import find_model
from polyplive.backends.factory import open_engine
from polyplive.backends.map_engine import MapEngine
from polyplive.config import of_mask
from polyplive.errors import ManifestError, ModelError
from polyplive.explanation.map_source import OwnMap
from polyplive.explanation.still import explain_still
from polyplive.manifest import load_manifest, shipped_models

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from polyplive.backends.base import Engine, EngineSpec
    from polyplive.config import EngineOptions
    from polyplive.explanation.map_source import MapSource
    from polyplive.explanation.still import News, StillRequest
    from polyplive.sessions.engine_room.messages import Notify


@dataclass(frozen=True, slots=True)
class StillModel:
    """The deployed model: its ``graph`` file, and how it runs."""

    graph: Path
    backend: str
    options: EngineOptions


def model_of(spec: EngineSpec, model: str, options: EngineOptions) -> StillModel:
    """The model of ``spec``, which a session runs, once more; ``model`` is what the session was asked for.

    Raises ``ModelError`` where its file is not there any more, or is another one.
    """
    shipped = shipped_models().get(spec.manifest.name)
    asked = find_model(model, spec.backend, options.precision)
    for graph in filter(None, (shipped, asked)):  # "auto" may have taken another; a file may have a shipped name
        if load_manifest(graph).sha256 == spec.manifest.sha256:
            return StillModel(graph, spec.backend, of_mask(options))
    raise ManifestError(f"'{asked.name}' is not the model that found this", "Open the recording again.")


@contextlib.contextmanager
def open_maps(model: StillModel, engine_maps: MapSource, notify: Notify) -> Iterator[MapSource]:
    """The maps of several methods and layers where the model has them, else ``engine_maps``."""
    try:
        further = MapEngine(model.graph, model.options.threads)
    except ModelError as error:
        notify(f"Only the model's own heatmap is shown: {error}")
        yield engine_maps
        return
    try:
        yield further
    finally:
        further.close()


def explained(request: StillRequest, model: StillModel, engine: Engine, notify: Notify) -> Generator[News]:
    """Explain with the ``model``'s open ``engine``. ``notify`` gets lines for the user. Raises ``EngineError``."""
    with open_maps(model, OwnMap(engine), notify) as source:
        yield from explain_still(request, source, engine)


def explained_alone(request: StillRequest, model: StillModel, notify: Notify) -> Generator[News]:
    """The same, and open the engine for it. Raises ``EngineError`` and ``ModelError``."""
    engine = open_engine(model.graph, model.backend, model.options, notify, is_parallel=True)
    try:
        yield from explained(request, model, engine, notify)
    finally:
        engine.close()
