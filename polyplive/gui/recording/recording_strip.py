"""The strip below the picture that says what is being recorded, in letters that are read from two metres."""

from __future__ import annotations

from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from polyplive.gui.parts.elided_label import ElidedLabel
from polyplive.gui.parts.quantities import hours_text, size_text
from polyplive.sessions.recorder.status import RecordingStatus
from polyplive.system.file_names import without_folders

_SHARE = 0.025
"""Of the window's height: letters of at least 2.2 % are read from two metres."""
_SMALLEST = 14


class RecordingStrip(QFrame):
    """Shows a ``RecordingStatus``: the sign REC with figures, and the last problem; hidden where there is nothing.

    A problem of a recording that has ended stays until it is dismissed, or another recording begins. Qt's thread.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("recording")
        self._told = self._dismissed = self._failure = ""
        self._letters = 0
        self.sign, self.figures, self.problem = QLabel(), QLabel(), ElidedLabel()
        self.sign.setProperty("role", "recording")
        self.problem.setProperty("role", "problem")
        self.dismiss = QToolButton()
        self.dismiss.setText("\u00d7")
        self.dismiss.setToolTip("I have read this")
        self.dismiss.setAccessibleName("Dismiss the problem")
        self.dismiss.clicked.connect(self._dismiss)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 3, 14, 3)
        layout.setSpacing(14)
        for widget, stretch in ((self.sign, 0), (self.figures, 0), (self.problem, 1), (self.dismiss, 0)):
            layout.addWidget(widget, stretch)
        self.hide()

    def update_from(self, status: RecordingStatus) -> None:
        """Show ``status``."""
        if status.is_recording:
            self._dismissed = self._failure = ""
        problem = self._failure or (status.error if status.error != self._dismissed else "")
        self._show(self.sign, _sign(status, problem))
        self._show(self.figures, _figures(status))
        self._told = problem
        self.problem.setText(without_folders(problem))
        self.problem.setToolTip(problem)
        self.dismiss.setVisible(bool(problem) and not status.is_recording)
        self.figures.setToolTip("\n".join(map(str, status.files)))
        self._fit_letters()
        self.setVisible(bool(self.sign.text() or self.figures.text() or problem))

    def show_failure(self, text: str) -> None:
        """Say that a recording could not begin."""
        self._failure = text
        self.update_from(RecordingStatus())

    def _show(self, label: QLabel, text: str) -> None:
        label.setText(text)
        label.setVisible(bool(text))

    def _fit_letters(self) -> None:
        window = self.window()
        letters = max(_SMALLEST, round(_SHARE * window.height())) if window is not None else _SMALLEST
        if letters != self._letters:
            self._letters = letters
            self.setStyleSheet(f"QLabel {{ font-size: {letters}px; }}")

    def _dismiss(self) -> None:
        self._dismissed, self._failure = self._told, ""
        self.hide()


def _sign(status: RecordingStatus, problem: str) -> str:
    if status.is_recording:
        return f"\u25cf REC {' + '.join(content.value for content in status.contents if content.is_video)}".rstrip()
    return "NOT RECORDING" if problem else ""


def _figures(status: RecordingStatus) -> str:
    if not status.is_recording:
        frames = f"{status.finishing} frame{'' if status.finishing == 1 else 's'}"
        return f"Finishing the recording: {frames} to write" if status.finishing else ""
    parts = [hours_text(status.elapsed_s), size_text(status.bytes_written)]
    if status.free_bytes is not None:
        parts.append(f"{size_text(status.free_bytes)} left")
    if status.pieces > 1:
        parts.append(f"file {status.pieces}")
    return "  \u00b7  ".join(parts)
