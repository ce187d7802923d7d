"""Engines for one GPU: taken from the cache if they are valid, else built and stored."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from polyplive.backends.tensorrt.engine_cache import EngineCache, EngineKey
from polyplive.backends.tensorrt.plan import MASK_AND_CAM, build_plan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from polyplive.backends.tensorrt.flavour import Flavour
    from polyplive.manifest import ModelManifest

ANY_GPU = "any"


@dataclass(frozen=True, slots=True)
class Target:
    """The GPU of an engine: its name and compute capability (``8.9``), or ``ANY_GPU`` and an empty text."""

    gpu: str = ANY_GPU
    compute_capability: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """An engine's bytes, their key, and whether they came from the cache."""

    data: bytes
    key: EngineKey
    cached: bool


class PlanStore:
    """Gives the engines of one graph on one GPU with one TensorRT."""

    def __init__(
        self,
        graph: Path,
        manifest: ModelManifest,
        flavour: Flavour,
        target: Target,
        notify: Callable[[str], None],
        cache: EngineCache | None = None,
    ) -> None:
        self.cache = cache or EngineCache()
        self._graph, self._manifest, self._flavour, self._target, self._notify = (
            graph,
            manifest,
            flavour,
            target,
            notify,
        )

    def key(self, outputs: str) -> EngineKey:
        """The key of the engine that computes ``outputs``."""
        manifest = self._manifest
        return EngineKey(
            model=manifest.name,
            graph_sha256=manifest.sha256,
            flavour=self._flavour.name,
            version=self._flavour.version,
            gpu=self._target.gpu,
            compute_capability=self._target.compute_capability,
            precision=manifest.precision,
            shape=f"1x{manifest.input_height}x{manifest.input_width}x3",
            outputs=outputs,
        )

    def plan(
        self,
        outputs: str = MASK_AND_CAM,
        *,
        anew: bool = False,
        progress: Callable[[float], None] | None = None,
    ) -> Plan:
        """The engine, built only if the cache has no valid one. Raises ``BuildError``, ``EngineCacheError``."""
        key = self.key(outputs)

        def build() -> bytes:
            mine = self._target.gpu != ANY_GPU
            return build_plan(self._flavour, self._graph, outputs, for_this_gpu=mine, progress=progress)

        data, cached = self.cache.get_or_build(key, build, self._notify, anew=anew)
        return Plan(data, key, cached)

    def kernels(self, outputs: str) -> bytes | None:
        """The kernels that TensorRT-RTX compiled when this engine last ran, None if there are no valid ones."""
        return self.cache.lookup(replace(self.key(outputs), kind="kernels")).data

    def keep_kernels(self, outputs: str, data: bytes) -> None:
        """Store the kernels for the next start. Raises ``EngineCacheError``."""
        self.cache.store(replace(self.key(outputs), kind="kernels"), data)
