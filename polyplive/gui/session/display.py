"""What a window displays, and how it is drawn; without Qt."""

from __future__ import annotations

import dataclasses
import math
import time
from typing import TYPE_CHECKING, Any

from polyplive.config import MIN_AREA
from polyplive.gui.session.snapshots import Snapshot, facts_of
from polyplive.gui.view.scene import Scene
from polyplive.overlay.compositor import compose
from polyplive.overlay.true_shape import in_true_shape
from polyplive.pipeline.postprocess import rethreshold
from polyplive.sessions.captions import method_of, words_of
from polyplive.sessions.view import View
from polyplive.types import Figures, Hud, OverlaySettings, SessionState

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.types import Frame, Image, Prediction

THRESHOLDS = (0.05, 0.95)
_FIGURES_EVERY_S = 0.2


class Display:
    """Holds the newest view and the overlay settings, and gives what is to be shown of them. One thread.

    Every change of a setting is visible at once, also on a paused frame. The picture is drawn again from the
    prediction's probabilities and CAM.
    """

    def __init__(
        self, overlay: OverlaySettings | None = None, threshold: float | None = None, min_area: float = MIN_AREA
    ) -> None:
        self.overlay = overlay or OverlaySettings()
        self.side_by_side = False
        self.view = View()
        self._threshold = threshold
        self._min_area = min_area
        self.names: Callable[[Prediction], tuple[tuple[int, str], ...]] = lambda _: ()
        """What labels call the findings of a prediction (``Hud.names``)."""
        self._redone: tuple[Prediction, Prediction] | None = None
        self._figures, self._figures_s = Figures(), -math.inf

    @property
    def threshold(self) -> float:
        """The probability of a contour: the chosen one, else the model's own. Set it to None for the model's own."""
        return self._threshold if self._threshold is not None else self.model_threshold

    @threshold.setter
    def threshold(self, value: float | None) -> None:
        self._threshold = None if value is None else min(max(value, THRESHOLDS[0]), THRESHOLDS[1])

    @property
    def model_threshold(self) -> float:
        """The running model's own probability of a contour; 0.5 while none runs."""
        engine = self.view.engine
        return engine.manifest.threshold if engine is not None else 0.5

    @property
    def heat_method(self) -> str:
        """How the running model makes its heatmap; empty while none runs."""
        return method_of(self.view.engine)

    @property
    def heat_target(self) -> str:
        """What the running model's heatmap explains (``CamTarget``)."""
        engine = self.view.engine
        return engine.cam_target if engine is not None else "mask"

    @property
    def needs_cam(self) -> bool:
        """Whether a heatmap is drawn."""
        return self.overlay.needs_cam

    @property
    def state(self) -> SessionState:
        """The view's state, or ``OVERLAY_OFF`` when the overlay is off and there is no fault."""
        if not self.overlay.visible and self.view.state is SessionState.READY and self.view.frame is not None:
            return SessionState.OVERLAY_OFF
        return self.view.state

    def set(self, **changes: Any) -> None:
        """Change fields of the overlay settings."""
        self.overlay = dataclasses.replace(self.overlay, **changes)

    @property
    def prediction(self) -> Prediction | None:
        """The view's prediction at the chosen threshold."""
        given = self.view.prediction
        if given is None or abs(given.threshold - self.threshold) < 1e-9:
            return given
        if self._redone is None or self._redone[0] is not given or self._redone[1].threshold != self.threshold:
            self._redone = given, rethreshold(given, self.threshold, self._min_area)
        return self._redone[1]

    @property
    def scene(self) -> Scene | None:
        """What to show; None before a frame."""
        frame = self.view.frame
        if frame is None:
            return None
        return Scene(frame, self.prediction, self.overlay, self._hud(frame), self.side_by_side)

    def images(self) -> tuple[Image, ...]:
        """What is shown, at source resolution and from left to right: the frame if side by side, then the composite.

        Empty before a frame. The composite is what a recording holds: no state is said in it unless that was chosen.
        """
        frame = self.view.frame
        if frame is None:
            return ()
        composite = compose(frame, self.prediction, self.overlay, self._hud(frame))
        return (frame.image, composite) if self.side_by_side else (composite,)

    def snapshot(self) -> Snapshot | None:
        """The frame and its composite at source resolution; None before a frame.

        Pixels are square, as programs that show pictures take them to be: where the frame's are not, one side grows.
        """
        frame = self.view.frame
        if frame is None:
            return None
        clean, marked = (in_true_shape(image, frame.sample_aspect) for image in (frame.image, self.images()[-1]))
        return Snapshot(clean, marked, facts_of(self.view, self.state, self.prediction))

    def _hud(self, frame: Frame) -> Hud:
        words = words_of(frame, self.view.engine, self.overlay)
        prediction = self.prediction
        names = self.names(prediction) if prediction is not None else ()
        return Hud(self.state, self.view.reason, self._readable(self.view.figures), names=names, **words)

    def _readable(self, figures: Figures) -> Figures:
        """While frames pass, the figures of a moment ago: each is to be read, and drawing them takes time."""
        now_s = time.monotonic()
        if not self.view.playing or now_s - self._figures_s >= _FIGURES_EVERY_S:
            self._figures, self._figures_s = figures, now_s
        return self._figures
