"""The colour engine behind a gate: it can be made to wait or to fail, and it insists on its one thread."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from colour_engine import ColourEngine

from polyplive.errors import InferenceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.backends.base import Outputs


class GatedEngine(ColourEngine):
    """``gate`` is called before each answer."""

    def __init__(self, gate: Callable[[], object]) -> None:
        super().__init__()
        self._gate = gate
        self._thread = threading.get_ident()

    def infer(self, tensor, *, cam: bool = True) -> Outputs:
        assert threading.get_ident() == self._thread, "used outside of the thread that opened it"
        self._gate()
        return super().infer(tensor, cam=cam)

    def close(self) -> None:
        assert threading.get_ident() == self._thread, "closed outside of the thread that opened it"
        super().close()


def open_gated(gate: Callable[[], object] = lambda: None) -> Callable[[object], GatedEngine]:
    """Opens engines in this process."""
    return lambda _: GatedEngine(gate)


def broken() -> None:
    raise InferenceError("The runtime failed", "Try another backend.")
