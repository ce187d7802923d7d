"""The bar below the picture: play, step, seek, speed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from polyplive.gui.parts.bar_button import bar_button, view_buttons
from polyplive.gui.parts.icons import icon
from polyplive.gui.parts.theme import BACKGROUND
from polyplive.gui.parts.widgets import ChoiceBox, SeekSlider
from polyplive.sessions.replay.player_settings import SPEEDS, Mode

if TYPE_CHECKING:
    from polyplive.sessions.view import View

_MODES = {Mode.EVERY_FRAME: "Every frame", Mode.KEEP_PACE: "Keep pace"}


def clock(seconds: float, *, hours: bool = False) -> str:
    """``seconds`` as m:ss.d, or h:mm:ss.d where ``hours`` is set."""
    tenths = max(0, int(10 * seconds + 0.5))
    minutes, rest = divmod(tenths, 600)
    text = f"{rest // 10:02d}.{rest % 10}"
    return f"{minutes // 60}:{minutes % 60:02d}:{text}" if hours else f"{minutes}:{text}"


class Transport(QFrame):
    """Emits a signal for each control; ``command`` carries a command of the table of shortcuts."""

    command = pyqtSignal(str)
    sought = pyqtSignal(float)
    speed_chosen = pyqtSignal(float)
    mode_chosen = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("transport")
        self._icons = {True: icon("pause", BACKGROUND), False: icon("play", BACKGROUND)}
        self._playing: bool | None = None
        self.play = bar_button("toggle_play", "play", "Play or pause", self.command)
        self.play.setObjectName("play")
        self.position = QLabel(clock(0))
        self.duration = QLabel("-:--")
        for label in (self.position, self.duration):
            label.setMinimumWidth(label.fontMetrics().horizontalAdvance("00:00.0") + 6)
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.duration.setProperty("role", "quiet")
        self.frame = QLabel()
        self.frame.setProperty("role", "quiet")
        self.frame.setToolTip("The number of the frame that is shown, from 1")
        self.seek = SeekSlider()
        self.seek.setEnabled(False)
        self.seek.setAccessibleName("Position")
        self.seek.setToolTip("Position (Home, End, Shift with the arrows)")
        self.seek.sought.connect(lambda value: self.sought.emit(value / 1000))
        self.speed = self._box("Speed", [f"{speed:g}\u00d7" for speed in SPEEDS], "Speed (, and .)")
        self.speed.setCurrentIndex(SPEEDS.index(1.0))
        self.speed.activated.connect(lambda place: self.speed_chosen.emit(SPEEDS[place]))
        self.mode = self._box(
            "Pace",
            list(_MODES.values()),
            "Every frame: each is shown with its own result, slower than the source if need be.\n"
            "Keep pace: the source's pace, with the newest result there is. (K)",
        )
        self.mode.activated.connect(lambda place: self.mode_chosen.emit(list(_MODES)[place]))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(8)
        layout.addWidget(bar_button("step_back", "back", "Previous frame", self.command))
        layout.addWidget(self.play)
        layout.addWidget(bar_button("step_forward", "forward", "Next frame", self.command))
        layout.addWidget(self.position)
        layout.addWidget(self.frame)
        layout.addWidget(self.seek, 1)
        layout.addWidget(self.duration)
        layout.addWidget(self.speed)
        layout.addWidget(self.mode)
        for button in view_buttons(self.command):
            layout.addWidget(button)

    def update_from(self, view: View) -> None:
        """Show the position of ``view``; a slider that is being dragged does not move."""
        if view.playing is not self._playing:
            self._playing = view.playing
            self.play.setIcon(self._icons[view.playing])
        if view.duration_s is not None and view.frame is not None:
            end_ms = max(1, round(1000 * view.duration_s))
            if self.seek.maximum() != end_ms:
                self.seek.setRange(0, end_ms)
                self.seek.setEnabled(True)
                self.duration.setText(clock(view.duration_s, hours=view.duration_s >= 3600))
        if not self.seek.isSliderDown():
            self.seek.setValue(round(1000 * view.position_s))
        self.frame.setText(f"#{view.frame.index + 1}" if view.frame is not None else "")
        self.position.setText(clock(view.position_s, hours=(view.duration_s or 0) >= 3600))

    def show_speed(self, speed: float) -> None:
        """Show the speed that was chosen by key."""
        self.speed.setCurrentIndex(SPEEDS.index(speed))

    def show_mode(self, mode: Mode) -> None:
        """Show the mode that was chosen by key."""
        self.mode.setCurrentIndex(list(_MODES).index(mode))

    def _box(self, name: str, texts: list[str], tip: str) -> ChoiceBox:
        box = ChoiceBox()
        box.addItems(texts)
        box.setToolTip(tip)
        box.setAccessibleName(name)
        box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return box
