"""Where the maps of one frame come from: the model's own graph, whose one map explains the whole mask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from polyplive.backends.checks import check_numbers
from polyplive.backends.maps import Maps

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from polyplive.backends.base import Engine, EngineSpec
    from polyplive.types import Mask


class MapSource(Protocol):
    """Explains an answer of the model. One thread, which opened it."""

    @property
    def spec(self) -> EngineSpec:
        """The model's."""
        ...

    @property
    def follows_target(self) -> bool:
        """Whether it explains one finding alone where it is asked to."""
        ...

    def explain(self, tensor: NDArray[np.uint8], target: Mask | None) -> Maps:
        """The maps of a picture uint8 [1, H, W, 3] RGB; of the answer within ``target`` bool [H, W], None: of all."""
        ...

    def close(self) -> None:
        """Free everything."""
        ...


class OwnMap:
    """The map that the deployed graph computes beside its mask; implements ``MapSource``.

    It explains the whole mask, whatever the ``target``. ``close`` leaves the engine open: it is the caller's.
    """

    follows_target = False

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def spec(self) -> EngineSpec:
        """The engine's."""
        return self._engine.spec

    def explain(self, tensor: NDArray[np.uint8], target: Mask | None) -> Maps:
        """See ``MapSource``. Raises ``EngineError``."""
        outputs = self._engine.infer(tensor, cam=True)
        check_numbers(outputs, self.spec.backend)
        assert outputs.cam is not None
        return Maps(outputs.probability, {own_name(self.spec): outputs.cam})

    def close(self) -> None:
        """Nothing is its own."""


def own_name(spec: EngineSpec) -> str:
    """What the map that the deployed graph computes is called by."""
    return spec.manifest.cam
