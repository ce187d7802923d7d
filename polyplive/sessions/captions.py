"""The caption of a frame: which it is, and which model runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.types import Caption

if TYPE_CHECKING:
    from polyplive.backends.base import EngineSpec
    from polyplive.types import Frame, OverlaySettings


def caption_of(frame: Frame, spec: EngineSpec | None, overlay: OverlaySettings) -> Caption | None:
    """The caption of ``frame`` while the engine of ``spec`` runs (None: none yet); None where it is not drawn."""
    if not overlay.caption:
        return None  # what differs from frame to frame would only be drawn anew
    manifest = spec.manifest if spec is not None else None
    return Caption(frame.index, frame.pts_s, f"{manifest.name} {manifest.version}" if manifest is not None else "")
