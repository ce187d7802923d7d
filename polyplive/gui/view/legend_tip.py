"""Where the heatmap's legend stands in a view, and what a pointer that rests there is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.overlay.compositor import corners
from polyplive.overlay.legend import Legend, heat_told

if TYPE_CHECKING:
    from PyQt6.QtWidgets import QWidget

    from polyplive.gui.view.contents import Contents


def legend_tip(contents: Contents, widget: QWidget, x: float, y: float) -> str:
    """What heat does not tell, for a point of ``widget`` on the legend, in logical pixels; empty elsewhere."""
    scene, arrangement = contents.scene, contents.arrangement(widget)
    if scene is None or arrangement is None:
        return ""
    cell, ratio = arrangement.cells[-1], arrangement.ratio
    across, down = x * ratio - cell.x, y * ratio - cell.y
    for pad in corners(contents.target_of(scene, arrangement), scene.settings, scene.hud):
        rect = pad.rect
        if isinstance(pad, Legend) and 0 <= across - rect.x < rect.width and 0 <= down - rect.y < rect.height:
            return heat_told(scene.hud.method, scene.hud.cam_target) if scene.hud is not None else heat_told("")
    return ""
