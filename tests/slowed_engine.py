"""A colour engine whose work takes as long as a file says at the moment: a test slows it while it runs."""

from __future__ import annotations

import dataclasses
import functools
import time
from pathlib import Path
from typing import TYPE_CHECKING

from colour_engine import ColourEngine

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from polyplive.backends.base import Outputs
    from polyplive.sessions.engine_room.messages import EngineOpener

MASK_S, MAP_S = 0.006, 0.009
"""What a mask alone and a mask with its map take, times the factor in the file."""


class SlowedEngine(ColourEngine):
    """Of the model ``name``, ``share`` of whose time it takes."""

    def __init__(self, file: Path, name: str, share: float) -> None:
        super().__init__()
        self.spec = dataclasses.replace(self.spec, manifest=dataclasses.replace(self.spec.manifest, name=name))
        self._file, self._share = file, share

    def infer(self, tensor: np.ndarray, *, cam: bool = True) -> Outputs:
        factor = float(self._file.read_text())
        time.sleep((MAP_S if cam else MASK_S) * self._share * factor)
        return super().infer(tensor, cam=cam)


def open_slowed(_: Callable[[str], None], file: Path, name: str, share: float) -> SlowedEngine:
    """A module's function, for a process of its own."""
    return SlowedEngine(file, name, share)


class Load:
    """How much the machine's engines are slowed."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.set(1.0)

    def set(self, factor: float) -> None:
        """From the next frame on."""
        spare = self._file.with_suffix(".new")
        spare.write_text(str(factor))
        spare.replace(self._file)  # never half written

    def opener(self, name: str, share: float) -> EngineOpener:
        """Opens the model ``name``."""
        return functools.partial(open_slowed, file=self._file, name=name, share=share)
