"""What a view says over its picture: a banner, and a glow around it. No recording and no snapshot has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.gui.view.arrangement import CAPTION_HEIGHT
from polyplive.gui.view.banner import banner_pixels, dimming
from polyplive.gui.view.glow import glow_patches
from polyplive.overlay.baked import Patch
from polyplive.overlay.element import Rect

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from PyQt6.QtWidgets import QWidget

    from polyplive.gui.view.arrangement import Arrangement
    from polyplive.gui.view.banner import Banner

_WIDEST = 0.84
"""A banner's width, at the most, as a share of the view's."""
_PLACES = (0.5, 1.0, 0.0)
"""Where a banner stands at the top: in the middle or, where a finding is there, at the right or the left."""


class Announcements:
    """Holds what is to be said. Qt's thread."""

    def __init__(self) -> None:
        self.banner: Banner | None = None
        self.glows = False
        self._placed: str = ""
        self._place = _PLACES[0]

    def patches(self, widget: QWidget, arrangement: Arrangement, marked: Sequence[Rect]) -> list[Patch]:
        """What to lay over the pictures, in device pixels of ``widget``.

        ``marked`` is where findings lie in the last picture: a banner gives way to them as far as it can.
        """
        last = arrangement.cells[-1]
        found = list(glow_patches(last)) if self.glows else []
        banner = self.banner
        if banner is None:
            return found
        window = widget.window()
        assert window is not None
        family = widget.font().family()
        margin = round(8 * arrangement.ratio)
        whole = round(widget.width() * arrangement.ratio)
        is_beside = len(arrangement.cells) > 1 and not banner.is_lost
        widest = last.width - 2 * margin if is_beside else round(_WIDEST * whole)
        pixels = banner_pixels(banner, widest, window.height(), arrangement.ratio, family)
        if banner.is_lost:
            found += [Patch(cell.x, cell.y, dimming(cell.width, cell.height)) for cell in arrangement.cells]
            across = (whole - pixels.shape[1]) / 2
            down = last.y + (last.height - pixels.shape[0]) / 2
            return [*found, Patch(max(0, round(across)), max(0, round(down)), pixels)]
        captions = round(CAPTION_HEIGHT * arrangement.ratio) if len(arrangement.cells) > 1 else 0
        return [*found, self._at_top(banner, pixels, last, last.y - captions, marked, margin)]

    def _at_top(
        self,
        banner: Banner,
        pixels: NDArray[np.uint8],
        cell: Rect,
        above: int,
        marked: Sequence[Rect],
        margin: int,
    ) -> Patch:
        """In the ``above`` rows over the picture where there is room, else on its top edge, off the findings.

        It moves only if it has to.
        """
        height, width = pixels.shape[:2]
        if above >= height + 2 * margin:
            return Patch(cell.x + (cell.width - width) // 2, above - height - margin, pixels)
        free = cell.width - width - 2 * margin

        def rect(place: float) -> Rect:
            return Rect(margin + round(place * free), margin, width, height)

        if banner.title != self._placed:
            self._placed, self._place = banner.title, _PLACES[0]
        taken = {place: sum(rect(place).shared(box) for box in marked) for place in (self._place, *_PLACES)}
        if taken[self._place]:
            self._place = min(taken, key=lambda place: taken[place])
        at = rect(self._place)
        return Patch(cell.x + at.x, cell.y + at.y, pixels)
