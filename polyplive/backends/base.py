"""The protocol of every runtime that runs a graph.

``Engine`` is a compiled graph, ``ParallelEngine`` one that works on several pictures at once. ``Backend`` describes a
runtime: one constant in the runtime's own file, listed in ``registry``.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from polyplive.errors import BackendUnavailable, ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from polyplive.config import CamTarget, EngineOptions
    from polyplive.manifest import ModelManifest
    from polyplive.types import FloatMap


MASK_PROBABILITY = 0.5
"""Where the graph's own mask begins: the CAM's score is the sum of the logits above it."""


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """What an engine takes and gives.

    Input: uint8 [1, ``height``, ``width``, 3], RGB. Outputs: probability float32 [``height``, ``width``], and CAM
    float32 [``cam_height``, ``cam_width``]. ``device`` is the runtime's name of the processor or GPU. ``precision`` is
    that of the arithmetic that runs: a runtime may run a graph of float32 in bfloat16. ``cam_target`` is what the CAM
    explains; where that is what nearly fired, ``near`` are the probabilities between which it lies.
    """

    backend: str
    device: str
    height: int
    width: int
    cam_height: int
    cam_width: int
    manifest: ModelManifest
    precision: str = "float32"
    cam_target: CamTarget = "mask"
    near: tuple[float, float] | None = None

    @classmethod
    def of(cls, manifest: ModelManifest, backend: str, device: str, precision: str = "") -> EngineSpec:
        """The spec of the graph that ``manifest`` describes, run by ``backend`` on ``device``.

        Without ``precision`` the arithmetic is the graph's own.
        """
        return cls(
            backend=backend,
            device=device,
            height=manifest.input_height,
            width=manifest.input_width,
            cam_height=manifest.cam_height,
            cam_width=manifest.cam_width,
            manifest=manifest,
            precision=precision or manifest.precision,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Outputs:
    """One result: ``probability`` float32 [H, W] in [0, 1]; ``cam`` float32 [h, w], at least 0, None if not requested.

    The arrays belong to the caller: the engine neither keeps nor reuses them. ``infer_s`` is how many seconds the
    runtime worked on it, without waiting for earlier pictures; 0 where that was not measured.
    """

    probability: FloatMap
    cam: FloatMap | None
    infer_s: float = 0.0


class Engine(Protocol):
    """A compiled graph. The thread that opened it calls ``infer`` and ``close``; one call at a time."""

    @property
    def spec(self) -> EngineSpec:
        """Shapes, names and the model's manifest; constant."""
        ...

    def infer(self, tensor: NDArray[np.uint8], *, cam: bool = True) -> Outputs:
        """Run the graph on uint8 [1, H, W, 3] RGB.

        With ``cam`` False only the mask is computed. Raises ``ValueError`` for another shape or dtype (naming both),
        ``EngineClosed`` after ``close()``, ``InferenceError`` when the runtime fails. It does not check for NaN and
        infinity: the caller does, see ``check_numbers``.
        """
        ...

    def close(self) -> None:
        """Free everything; calling it again does nothing."""
        ...


class Pending(Protocol):
    """A picture that an engine works on."""

    def result(self) -> Outputs:
        """Wait for the answer. Call it once. Raises what ``Engine.infer`` raises."""
        ...


class ParallelEngine(Engine, Protocol):
    """An engine that works on several pictures at once; each answer is the same as if it were the only one.

    One thread may ``start`` while another takes results.
    """

    @property
    def requests(self) -> int:
        """How many pictures it takes before the first result has been taken: those at work, and a few that wait."""
        ...

    def start(self, tensor: NDArray[np.uint8], *, cam: bool = True) -> Pending:
        """Begin with a picture, as ``infer`` takes it, and return at once.

        ``tensor`` has to stay as it is until the result. Results are taken in the order of the starts. Raises
        ``ValueError`` and ``EngineClosed`` as ``infer`` does.
        """
        ...


Notify: TypeAlias = Callable[[str], None]
"""Takes a line for the user: which backend was skipped and why, or that opening takes long."""


@dataclass(frozen=True, slots=True)
class Backend:
    """The descriptor of a runtime; only ``open`` imports its package.

    ``needs`` are groups of top-level modules; one of each group must be installed. ``install`` says how. ``precisions``
    are the values of ``EngineOptions.precision`` that it supports. ``open`` compiles a graph for the calling thread; it
    raises ``ModelError`` or ``EngineError``. ``open_parallel`` compiles it for as many pictures at once as there are
    threads, each on one thread; None where the runtime has the whole device for each picture. ``why`` says in a few
    words why ``auto`` took it. ``auto`` skips a ``baseline``, which exists for comparisons.
    """

    name: str
    needs: tuple[tuple[str, ...], ...]
    install: str
    precisions: tuple[str, ...]
    open: Callable[[Path, EngineOptions, Notify], Engine]
    why: Callable[[], str] = lambda: ""
    needs_gpu: bool = False
    baseline: bool = False
    open_parallel: Callable[[Path, EngineOptions, Notify], ParallelEngine] | None = None

    def missing(self) -> tuple[str, ...]:
        """The modules that it needs and that are not installed; nothing is imported."""
        groups = [group for group in self.needs if not any(importlib.util.find_spec(name) for name in group)]
        return tuple(" or ".join(group) for group in groups)

    def check_precision(self, options: EngineOptions) -> None:
        """Raise ``ConfigError`` for a precision that it does not have."""
        if options.precision not in self.precisions:
            raise ConfigError(
                f"{self.name} has no precision '{options.precision}'", f"It has: {', '.join(self.precisions)}."
            )

    def check_installed(self) -> None:
        """Raise ``BackendUnavailable`` if a module that it needs is not installed."""
        if lacking := self.missing():
            raise BackendUnavailable(f"{self.name} needs {' and '.join(lacking)}, which is not installed", self.install)
