"""What is on display and how: the window's model, without Qt."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from polyplive.compositor import compose
from polyplive.postprocess import MIN_AREA, rethreshold
from polyplive.types import Hud, OverlaySettings, SessionState
from polyplive.view import View

if TYPE_CHECKING:
    from polyplive.types import Image, Prediction

THRESHOLDS = (0.05, 0.95)


class Display:
    """Holds the newest view and how it is to be drawn; composites it on demand. One thread.

    Every change of a setting shows at once, also on a paused frame: the picture is drawn from the frame's own
    probabilities and CAM.
    """

    def __init__(
        self, overlay: OverlaySettings | None = None, threshold: float | None = None, min_area: float = MIN_AREA
    ) -> None:
        self.overlay = overlay or OverlaySettings()
        self.side_by_side = False
        self.view = View()
        self._threshold = threshold
        self._min_area = min_area
        self._redone: tuple[Prediction, Prediction] | None = None
        self._drawn: Image | None = None

    @property
    def threshold(self) -> float:
        """The probability of a contour: what was chosen, else the model's own."""
        if self._threshold is not None:
            return self._threshold
        engine = self.view.engine
        return engine.manifest.threshold if engine is not None else 0.5

    @threshold.setter
    def threshold(self, value: float) -> None:
        self._threshold = min(max(value, THRESHOLDS[0]), THRESHOLDS[1])

    @property
    def needs_cam(self) -> bool:
        """Whether a heatmap is drawn."""
        return self.overlay.needs_cam

    @property
    def state(self) -> SessionState:
        """The view's state, or ``OVERLAY_OFF`` while all else is well."""
        if not self.overlay.visible and self.view.state is SessionState.READY and self.view.frame is not None:
            return SessionState.OVERLAY_OFF
        return self.view.state

    def set(self, **changes: Any) -> None:
        """Change fields of the overlay settings."""
        self.overlay = dataclasses.replace(self.overlay, **changes)

    @property
    def prediction(self) -> Prediction | None:
        """The view's, at the chosen threshold."""
        given = self.view.prediction
        if given is None or abs(given.threshold - self.threshold) < 1e-9:
            return given
        if self._redone is None or self._redone[0] is not given or self._redone[1].threshold != self.threshold:
            self._redone = given, rethreshold(given, self.threshold, self._min_area)
        return self._redone[1]

    def images(self, *, reuse: bool = False) -> tuple[Image, ...]:
        """What to show, from left to right: the composite, after the source frame if side by side; none before it.

        With ``reuse`` the composite is drawn over that of the last such call: new memory costs as much as drawing.
        """
        frame = self.view.frame
        if frame is None:
            return ()
        hud = Hud(self.state, self.view.reason, self.view.figures)
        out = self._drawn if reuse and self._drawn is not None and self._drawn.shape == frame.image.shape else None
        composite = compose(frame, self.prediction, self.overlay, hud, out=out)
        if reuse:
            self._drawn = composite
        return (frame.image, composite) if self.side_by_side else (composite,)

    def snapshot(self) -> Image | None:
        """The pictures on show as one, uint8 [H, W or 2 W, 3] BGR at source resolution; None before the first."""
        images = self.images()
        return np.ascontiguousarray(np.hstack(images)) if images else None
