"""The contract of every runtime that runs a graph: ``Engine``, what it is asked and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from polyplive.manifest import ModelManifest
    from polyplive.types import FloatMap


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """What an engine takes and gives.

    Input: uint8 [1, ``height``, ``width``, 3], RGB. Outputs: probability float32 [``height``, ``width``], and CAM
    float32 [``cam_height``, ``cam_width``]. ``device`` is the runtime's own name for where it runs.
    """

    backend: str
    device: str
    height: int
    width: int
    cam_height: int
    cam_width: int
    manifest: ModelManifest

    @classmethod
    def of(cls, manifest: ModelManifest, backend: str, device: str) -> EngineSpec:
        """Of the graph that ``manifest`` describes, run by ``backend`` on ``device``."""
        return cls(
            backend=backend,
            device=device,
            height=manifest.input_height,
            width=manifest.input_width,
            cam_height=manifest.cam_height,
            cam_width=manifest.cam_width,
            manifest=manifest,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Outputs:
    """One answer: ``probability`` float32 [H, W] in [0, 1]; ``cam`` float32 [h, w], at least 0, None if not asked for.

    The arrays belong to the caller: the engine neither keeps nor reuses them.
    """

    probability: FloatMap
    cam: FloatMap | None


class Engine(Protocol):
    """A compiled graph. The thread that opened it calls ``infer`` and ``close``; one call at a time."""

    @property
    def spec(self) -> EngineSpec:
        """Shapes, names and the model's manifest; constant."""
        ...

    def infer(self, tensor: NDArray[np.uint8], *, cam: bool = True) -> Outputs:
        """Run the graph on uint8 [1, H, W, 3] RGB.

        With ``cam`` False only the mask is computed. Raises ``ValueError`` for another shape or dtype (naming both),
        ``EngineClosed`` after ``close()``, ``InferenceError`` when the runtime fails. That the answer holds numbers is
        its user's to check: see ``check_numbers``.
        """
        ...

    def close(self) -> None:
        """Free everything; calling it again does nothing."""
        ...
