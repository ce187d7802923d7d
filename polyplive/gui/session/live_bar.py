"""The bar below a live picture: the word LIVE, frame rate and delays, and a few buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from polyplive.gui.parts.bar_button import bar_button, view_buttons
from polyplive.gui.parts.folding_row import FoldingRow
from polyplive.gui.recording.record_buttons import RecordButtons
from polyplive.gui.session.state_banner import LOST
from polyplive.gui.session.transport import clock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyplive.sessions.view import View

_DELAY_TIP = (
    "Video: from the frame's read until it goes to the screen.\n"
    "Annotation: from a frame's read until its own overlay goes to the screen.\n"
    "Median and 99th percentile of the last 300."
)
_WHOLE = 1120
"""Below this width in logical pixels only the medians are shown."""


class LiveBar(QFrame):
    """Shows each figure with its 99th percentile. ``command`` carries a command of the table of shortcuts."""

    command = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("transport")
        self.live = QLabel("LIVE")
        self.live.setProperty("role", "heading")
        self.live.setMinimumWidth(self.live.sizeHint().width())
        self.time, self.rate, self.video, self.annotation, self.dropped = (QLabel() for _ in range(5))
        for label in (self.video, self.annotation):
            label.setToolTip(_DELAY_TIP)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 8, 12, 8)
        layout.setSpacing(16)
        shown = (self.live, self.time, self.rate, self.video, self.annotation, self.dropped)
        self.figures = FoldingRow(shown, layout.spacing())
        layout.addWidget(self.figures, 1)
        self.recording = RecordButtons(self.command)
        self.sound = bar_button("toggle_sound", "sound", "Beep at a new finding", self.command)
        self.sound.setCheckable(True)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        for button in (self.recording, self.sound, *view_buttons(self.command)):
            buttons.addWidget(button)
        layout.addLayout(buttons)

    def update_from(self, view: View, sound: bool) -> None:
        """Show the figures of a view."""
        figures = view.figures
        self.live.setText("LIVE" if view.frame is not None and view.state not in LOST else "")
        self.time.setText(clock(view.position_s, hours=view.position_s >= 3600))
        self.rate.setText(f"{figures.fps:.0f} fps" if figures.fps is not None else "- fps")
        whole = self.width() >= _WHOLE
        self.video.setText(_delay("Video", figures.video_delay_ms, figures.video_p99_ms, whole))
        self.annotation.setText(_delay("Annotation", figures.annotation_delay_ms, figures.annotation_p99_ms, whole))
        self.dropped.setText(f"{figures.dropped} not shown, {figures.unprocessed or 0} not processed")
        self.dropped.setToolTip(_causes(view.dropped))
        self.figures.fold()
        self.sound.setChecked(sound)


def _delay(name: str, usual_ms: float | None, high_ms: float | None, whole: bool) -> str:
    if usual_ms is None or high_ms is None:
        return f"{name} -"
    if not whole:
        return f"{name} {usual_ms:.0f} ms"
    return f"{name} {usual_ms:.1f} ms (p99 {high_ms:.1f})"


def _causes(dropped: Mapping[str, int]) -> str:
    lines = "\n".join(f"{count} {cause}" for cause, count in sorted(dropped.items()))
    return f"Frames that the model did not see, by cause:\n{lines}" if lines else ""
