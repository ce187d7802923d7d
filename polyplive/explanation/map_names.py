"""What maps are called by, and what that means in words: METHOD:LAYER, with commas between several layers."""

from __future__ import annotations

from dataclasses import dataclass

from polyplive.explanation.controls import CENTRE, MASK, PROBABILITY

_METHODS = {
    "grad-cam": ("Grad-CAM", "weights each channel of a layer by the mean of its gradient"),
    "hires-cam": ("HiResCAM", "weights each place of a layer by its own gradient"),
    "multi-level": ("Multi-level map", "is the geometric mean of what adds to the score at each layer"),
    "layer-cam": ("LayerCAM", "weights each place of a layer by its own gradient where that is above 0"),
}
_PARTS = {"encoder": "encoder", "decoder": "decoder", "bottleneck": "bottleneck", "head": "head"}
_CONTROLS = {
    MASK: ("Control: mask", "The answer itself, 1 inside of it. No map: a map should say more than this."),
    PROBABILITY: ("Control: probability", "The answer itself, before it is cut at the threshold."),
    CENTRE: ("Control: centre", "The middle of the picture, whatever is on it."),
}


@dataclass(frozen=True, slots=True)
class MapName:
    """``title`` is a few words, ``origin`` a sentence on where the map comes from."""

    title: str
    origin: str


def in_words(name: str) -> MapName:
    """The name of a map, or of one of ``CONTROLS``, in words. An unknown method keeps its own name."""
    if name in _CONTROLS:
        return MapName(*_CONTROLS[name])
    method, _, layers = name.partition(":")
    title, does = _METHODS.get(method, (method, "comes from the model's own graph"))
    places = [_layer(layer) for layer in layers.split(",") if layer]
    if not places:
        return MapName(title, f"It {does}.")
    return MapName(
        f"{title}, {' and '.join(places)}", f"It {does}. Computed by the model's graph ({layers.replace(',', ', ')})."
    )


def _layer(layer: str) -> str:
    """``encoder.bottleneck`` as ``encoder, bottleneck``; ``decoder.1`` as ``decoder stage 1``."""
    part, _, place = layer.partition(".")
    known = _PARTS.get(part, part)
    if not place:
        return known
    return f"{known} stage {place}" if place.isdigit() else f"{known} {place.replace('_', ' ').replace('.', ' ')}"
