"""Opens the panel that explains the frame on screen, and closes it when that frame is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.errors import ConfigError, PolypliveError
from polyplive.explanation.still_engine import model_of
from polyplive.explanation.still_frame import StillFrame, largest
from polyplive.gui.explain.panel import ExplainPanel, ToExplain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PyQt6.QtWidgets import QWidget

    from polyplive.config import Settings
    from polyplive.gui.explain.panel import ReportPictures
    from polyplive.gui.session.display import Display
    from polyplive.types import Detection, Prediction

ONLY_PAUSED = "Pause first (Space): one frame is explained."
_NO_RESULT = "This frame has no result yet."


class Explainer:
    """Explains what ``display`` shows; Qt's thread. ``settings`` are those of the session.

    ``chosen`` gives the number of the finding that is meant, None for the largest, and ``names`` what findings are
    called. ``report`` takes pictures; None where there is no report. ``panel`` is the one that is open.
    """

    def __init__(
        self,
        display: Display,
        settings: Settings,
        chosen: Callable[[], int | None],
        names: Callable[[Prediction], tuple[tuple[int, str], ...]],
        report: ReportPictures | None = None,
    ) -> None:
        self.panel: ExplainPanel | None = None
        self._display, self._settings, self._report = display, settings, report
        self._chosen, self._names = chosen, names

    def open(self, over: QWidget, folder: Path) -> str:
        """Open the panel over a window, in place of one that is open; or say in one line why not.

        PNG files go to ``folder``.
        """
        self.close()
        try:
            asked = self._asked()
        except PolypliveError as error:
            return str(error)
        self.panel = ExplainPanel(asked, folder, self._report, over)
        self.panel.finished.connect(self._forget)
        self.panel.start(over)
        return ""

    def close(self) -> None:
        """Close the panel, and end what it computes."""
        if self.panel is not None:
            self.panel.close()

    def look(self) -> None:
        """Close the panel where another frame is shown, or the recording plays; called with each view."""
        view, panel = self._display.view, self.panel
        if panel is not None and (view.playing or view.frame is None or view.frame.index != panel.frame_index):
            panel.close()

    def _forget(self) -> None:
        panel, self.panel = self.panel, None
        if panel is not None:
            panel.deleteLater()

    def _asked(self) -> ToExplain:
        """What is on screen. Raises ``PolypliveError`` where that cannot be explained."""
        display, view = self._display, self._display.view
        frame, prediction, spec = view.frame, display.prediction, view.engine
        if view.playing:
            raise ConfigError(ONLY_PAUSED)
        if frame is None or prediction is None or spec is None or prediction.index != frame.index:
            raise ConfigError(_NO_RESULT)
        found = StillFrame(frame, prediction, self._one_of(prediction.detections), self._names(prediction))
        settings = self._settings
        model = model_of(spec, settings.model, settings.engine)
        request = found.request(spec, settings.pipeline)
        name = f"{spec.manifest.name} {spec.manifest.version}"
        return ToExplain(view.info.name if view.info else "", view.position_s, found, request, model, name)

    def _one_of(self, findings: tuple[Detection, ...]) -> tuple[Detection, ...]:
        """The chosen finding, else the largest; none where there are none."""
        chosen = self._chosen()
        meant = tuple(one for one in findings if one.track == chosen)
        return meant or largest(findings, 1)
