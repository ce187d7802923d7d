"""Announces a new finding: by a beep, by a glow around the picture, by both, or not at all, as at the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QTimer
from PyQt6.QtWidgets import QApplication

if TYPE_CHECKING:
    from polyplive.gui.view.video_view import VideoView
    from polyplive.types import Prediction

GLOW_MS = 1000


class Announcer(QObject):
    """Watches results for a finding with a number that is higher than all before. Qt's thread."""

    def __init__(self, video: VideoView, *, sound: bool = False) -> None:
        super().__init__(video)
        self.sound = sound
        self._glow = False
        self._video = video
        self._highest = 0
        self._fading = QTimer(self)
        self._fading.setSingleShot(True)
        self._fading.timeout.connect(lambda: video.show_glow(False))

    @property
    def glow(self) -> bool:
        """Whether the picture's frame lights up for a second."""
        return self._glow

    @glow.setter
    def glow(self, glow: bool) -> None:
        self._glow = glow
        if not glow:
            self._fading.stop()
            self._video.show_glow(False)

    def see(self, prediction: Prediction | None) -> None:
        """The overlay on screen is of ``prediction`` now; None while nothing is drawn."""
        newest = max((one.track for one in prediction.detections), default=0) if prediction is not None else 0
        if newest <= self._highest:
            return
        self._highest = newest
        if self.sound:
            QApplication.beep()
        if self.glow:
            self._video.show_glow(True)
            self._fading.start(GLOW_MS)
