"""What stands in the corners of a picture: which frame it is, which model runs, how its heatmap is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from polyplive.types import Caption

if TYPE_CHECKING:
    from polyplive.backends.base import EngineSpec
    from polyplive.types import Frame, OverlaySettings


class Words(TypedDict):
    """Fields of ``Hud`` that frame and model give."""

    caption: Caption | None
    method: str
    cam_target: str


def words_of(frame: Frame, spec: EngineSpec | None, overlay: OverlaySettings) -> Words:
    """The caption of ``frame`` and the heatmap's method while the engine of ``spec`` runs (None: none yet).

    There is no caption where it is not drawn: what differs from frame to frame would only be drawn anew.
    """
    model = f"{spec.manifest.name} {spec.manifest.version}" if spec is not None else ""
    caption = Caption(frame.index, frame.pts_s, model) if overlay.caption else None
    target = spec.cam_target if spec is not None else "mask"
    return {"caption": caption, "method": method_of(spec), "cam_target": target}


def method_of(spec: EngineSpec | None) -> str:
    """How the engine of ``spec`` makes its heatmap, such as "multi-level map, decoder.0, decoder.1"; empty without."""
    if spec is None:
        return ""
    method = spec.manifest.cam_method.partition(" (")[0].strip()  # without whose it is
    if method[1:].islower():
        method = method.lower()  # no name: "Grad-CAM" stays
    return ", ".join((method, *spec.manifest.cam_layers))
