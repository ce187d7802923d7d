"""Which map a graph gives: a method, and the layers that it is taken at."""

from __future__ import annotations

from dataclasses import dataclass

from polyplive.errors import ConfigError

from ...networks.segmentation import SegmentationNetwork
from .method import CamMethod
from .registry import METHODS


@dataclass(frozen=True, slots=True)
class CamSpec:
    """``METHOD:LAYER[,LAYER]``; the layers are the network's, coarsest first."""

    method: CamMethod
    layers: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.method.name}:{','.join(self.layers)}"


def cam_spec(text: str, network: SegmentationNetwork) -> CamSpec:
    """What ``text`` names, of ``network``. Raises ``ConfigError``, which says what there is."""
    name, _, rest = text.partition(":")
    if name not in METHODS:
        raise ConfigError(f"No heatmap method '{name}'", f"Choose one of: {', '.join(METHODS)}.")
    method, known = METHODS[name], network.layers
    named = tuple(part.strip() for part in rest.split(",") if part.strip())
    for layer in named:
        if layer not in known:
            raise ConfigError(f"No layer '{layer}' for a heatmap", f"Choose of: {', '.join(known)}.")
    least, most = method.layers
    if not least <= len(set(named)) == len(named) <= most:
        wanted = f"{least}" if least == most else f"{least} to {most} different"
        raise ConfigError(
            f"'{text}' names {len(named)} layers, {name} takes {wanted}", f"Write {name}:LAYER{',LAYER' * (least - 1)}."
        )
    return CamSpec(method, tuple(sorted(named, key=known.index)))
