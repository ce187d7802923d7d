"""The maps of one picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyplive.types import FloatMap


@dataclass(frozen=True, slots=True, eq=False)
class Maps:
    """``probability`` float32 [H, W] in [0, 1], and raw ``maps`` float32 [h, w], at least 0, by their names."""

    probability: FloatMap
    maps: Mapping[str, FloatMap]
