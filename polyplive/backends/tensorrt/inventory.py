"""What TensorRT has in its cache for a model, found without building or writing anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.backends.tensorrt.graph_choice import ready_graph
from polyplive.backends.tensorrt.plan import MASK, MASK_AND_CAM
from polyplive.backends.tensorrt.store import PlanStore, Target
from polyplive.config import EngineOptions
from polyplive.manifest import load_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.backends.tensorrt.flavour import Flavour

ALL = ("float16", MASK_AND_CAM, MASK)


def unbuilt(graph: Path, flavour: Flavour, target: Target) -> tuple[str, ...]:
    """Those of ``ALL`` that still have to be made for ``graph``; empty if all are ready. Raises ``ModelError``."""
    ready = ready_graph(graph, EngineOptions())
    if ready is None:
        return ALL
    store = PlanStore(ready, load_manifest(ready), flavour, target, lambda _: None)
    return tuple(outputs for outputs in (MASK_AND_CAM, MASK) if store.cache.lookup(store.key(outputs)).data is None)
