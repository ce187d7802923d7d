"""Which finding's heat alone is shown: chosen by a click or a key, until it is taken back or the finding is gone."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from polyplive.types import OverlaySettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.gui.session.display import Display

GONE_S = 0.5
"""Seconds of video. A finding that is missing for longer comes back with another number: see ``pipeline.tracking``."""


class HeatChoice:
    """Changes ``heat_of`` of what ``display`` draws. Qt's thread.

    A choice switches the heatmap on. What was there before comes back with its end. Where heat shows what nearly fired
    nothing can be chosen. ``use`` draws other settings, ``say`` shows a line.
    """

    def __init__(self, display: Display, use: Callable[[OverlaySettings], None], say: Callable[[str], None]) -> None:
        self._display, self._use, self._say = display, use, say
        self._before: bool | None = None
        self._is_seen = False
        self._missing_s: float | None = None

    @property
    def chosen(self) -> int | None:
        """The number of the finding; None where no one is chosen."""
        return self._display.overlay.heat_of

    @property
    def without(self) -> OverlaySettings:
        """What is drawn, as it would be without a choice."""
        overlay = self._display.overlay
        if overlay.heat_of is None:
            return overlay
        return dataclasses.replace(overlay, heat_of=None, heatmap=self._before)

    def clicked(self, track: int | None) -> bool:
        """Choose the finding that was clicked; again, or elsewhere, ends a choice. Whether the click meant heat."""
        overlay = self._display.overlay
        if not overlay.visible or (track is None and self.chosen is None):
            return False
        self.choose(None if track == self.chosen else track)
        return True

    def choose_next(self) -> None:
        """Choose the first finding in view, then the next, then none."""
        tracks = self._in_view()
        later = [track for track in tracks if self.chosen is None or track > self.chosen]
        if not tracks:
            self._say("There is no finding in view.")
        self.choose(min(later, default=None))

    def choose(self, track: int | None) -> None:
        """Show the heat of finding number ``track`` alone; None: as before."""
        overlay = self.without
        if track is None:
            if self.chosen is not None:
                self._use(overlay)
            return
        if self._display.heat_target == "nearly":
            self._say("Heat shows what nearly fired: no finding has any.")
            return
        self._before, self._is_seen, self._missing_s = overlay.heatmap, False, None
        self._use(dataclasses.replace(overlay, heat_of=track, heatmap=True))
        self._say(f"Heat of {self._name(track)} alone. Esc shows it as before.")

    def look(self) -> None:
        """End the choice of a finding that was seen and is gone; called with each view that is shown."""
        view = self._display.view
        if self.chosen is None or view.prediction is None:
            return
        if self.chosen in self._in_view():
            self._is_seen, self._missing_s = True, None
        elif not self._is_seen:
            return
        elif self._missing_s is None:
            self._missing_s = view.position_s
        elif abs(view.position_s - self._missing_s) > GONE_S:
            self.choose(None)

    def _in_view(self) -> list[int]:
        prediction = self._display.prediction
        return sorted(one.track for one in prediction.detections) if prediction is not None else []

    def _name(self, track: int) -> str:
        prediction = self._display.prediction
        names = dict(self._display.names(prediction)) if prediction is not None else {}
        return names.get(track, f"polyp {track}")
