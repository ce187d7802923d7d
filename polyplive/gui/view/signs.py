"""What a view draws over a picture that it shows larger, so that nobody takes the part for the whole; without Qt."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from polyplive.overlay.baked import Patch, laid
from polyplive.overlay.colours import QUIET_COLOUR, TEXT_COLOUR, opaque
from polyplive.overlay.element import Rect
from polyplive.overlay.hud import Line, Run, line_width
from polyplive.overlay.text import STRONG

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polyplive.gui.view.arrangement import Arrangement
    from polyplive.gui.view.loupe import Loupe
    from polyplive.gui.view.scene import Scene
    from polyplive.overlay.target import Target


def zoom_sign(scene: Scene, target: Target, arrangement: Arrangement) -> tuple[Patch, ...]:
    """How many times larger a picture is, and how many findings are not seen: at its bottom right, if it is larger.

    In device pixels of the view. Where the heatmap's legend stands there, it lies above.
    """
    crop = target.crop
    if crop is None:
        return ()
    hidden = _unseen(scene, target)
    runs = [Run(f"{target.source[0] / crop.width:.1f}\u00d7", TEXT_COLOUR, STRONG)]
    if hidden:
        runs.append(Run(f"{hidden} {'polyp' if hidden == 1 else 'polyps'} outside", QUIET_COLOUR))
    scale, cell = target.scale, arrangement.cells[-1]
    width = line_width(runs, scale.text)
    row = round(1.8 * scale.text)
    has_legend = scene.settings.needs_cam and scene.settings.legend
    lifted = row + scale.margin if has_legend else 0
    x, y = cell.x + cell.width - scale.margin - width, cell.y + cell.height - scale.margin - row - lifted
    return (laid(Line(Rect(x, y, width, row), scale.text, tuple(runs))),)


def loupe_frame(loupe: Loupe, ratio: float) -> list[Patch]:
    """The four sides of the loupe's frame, outside of it, in device pixels of the view."""
    rect, width = loupe.rect, max(1, round(2 * ratio))
    across, down = _bar(width, rect.width + 2 * width), _bar(rect.height, width)
    left, right = rect.x - width, rect.x + rect.width
    return [
        Patch(left, rect.y - width, across),
        Patch(left, rect.y + rect.height, across),
        Patch(left, rect.y, down),
        Patch(right, rect.y, down),
    ]


def _unseen(scene: Scene, target: Target) -> int:
    if scene.prediction is None or not scene.settings.visible:
        return 0
    return sum(target.box(one.bbox).clipped(*target.shown) is None for one in scene.prediction.detections)


@functools.lru_cache(maxsize=8)
def _bar(height: int, width: int) -> NDArray[np.uint8]:
    return np.full((height, width, 4), opaque(TEXT_COLOUR), np.uint8)
