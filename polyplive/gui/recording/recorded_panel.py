"""What was recorded, and where: it stays at the foot of the window until it has been read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QSize, Qt, QUrl, pyqtSignal
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import QApplication, QDockWidget, QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from polyplive.gui.parts.elided_label import ElidedLabel
from polyplive.gui.parts.quantities import hours_text, size_text
from polyplive.sinks.base import Content
from polyplive.system.file_names import without_folders

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PyQt6.QtGui import QResizeEvent

    from polyplive.sessions.recorder.status import RecordingEnd

_NARROW = 900
"""Below this width in logical pixels a row has fewer buttons."""


class RecordedPanel(QDockWidget):
    """One row for each recording that is over; a row goes when it is closed, and the panel with its last row.

    ``review_wanted`` carries the path of a recording that is to be reviewed. Qt's thread.
    """

    review_wanted = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Recorded")
        self.setFeatures(QDockWidget.DockWidgetFeature.NoDockWidgetFeatures)
        self.setTitleBarWidget(QWidget())
        self.rows: list[RecordedRow] = []
        self._is_full_screen = False
        inner = QFrame()
        inner.setObjectName("transport")
        self._layout = QVBoxLayout(inner)
        self._layout.setContentsMargins(14, 6, 12, 6)
        self._layout.setSpacing(4)
        self.setWidget(inner)
        self.hide()

    def add(self, end: RecordingEnd) -> None:
        """Show what a recording left; one that neither wrote nor lost anything has nothing to be said."""
        if not end.files and not end.problems:
            return
        row = RecordedRow(end)
        row.review_wanted.connect(self.review_wanted)
        row.closed.connect(lambda: self._remove(row))
        self.rows.append(row)
        self._layout.addWidget(row)
        self._follow()

    def set_full_screen(self, is_on: bool) -> None:
        """Whether the window fills the screen: then the panel waits, unless something failed."""
        self._is_full_screen = is_on
        self._follow()

    def _remove(self, row: RecordedRow) -> None:
        self.rows.remove(row)
        self._layout.removeWidget(row)
        row.deleteLater()
        self._follow()

    def _follow(self) -> None:
        self.setVisible(any(row.has_problem or not self._is_full_screen for row in self.rows))


class RecordedRow(QWidget):
    """What one recording left, with its problems in a line below. ``closed`` says that it has been read."""

    review_wanted = pyqtSignal(object)
    closed = pyqtSignal()

    def __init__(self, end: RecordingEnd, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._end = end
        self.what, self.where, self.problem = QLabel(_what(end)), ElidedLabel(), ElidedLabel()
        self.what.setProperty("role", "state")
        self._show(self.where, _where(end), "\n".join(str(file.path) for file in end.files))
        self._show(self.problem, without_folders("".join(end.problems[:1])), "\n".join(end.problems))
        self.problem.setProperty("role", "problem")
        self.folder = self._button("Show in folder", self._show_folder, shown=bool(end.files))
        self.review = self._button("Review this recording", self._review, shown=bool(end.videos))
        self.copy = self._button("Copy path", self._copy, shown=bool(end.files))
        self.close_row = self._button("Close", self.closed.emit, shown=True)
        texts = QVBoxLayout()
        texts.setSpacing(0)
        for label in (self.what, self.where, self.problem):
            texts.addWidget(label)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(texts, 1)
        for button in (self.folder, self.review, self.copy, self.close_row):
            layout.addWidget(button)

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        """Leave out the path where there is no room: it is in the tool tip."""
        super().resizeEvent(event)
        self.copy.setVisible(bool(self._end.files) and self.width() >= _NARROW)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Texts may be cut, so that a window may be narrow."""
        return QSize(0, super().minimumSizeHint().height())

    @property
    def has_problem(self) -> bool:
        """Whether something failed or was lost."""
        return bool(self._end.problems)

    def _button(self, text: str, clicked: Callable[[], object], *, shown: bool) -> QPushButton:
        button = QPushButton(text)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: clicked())
        button.setVisible(shown)
        return button

    def _show(self, label: ElidedLabel, text: str, tip: str) -> None:
        label.setText(text)
        label.setToolTip(tip)
        label.setVisible(bool(text))

    def _show_folder(self) -> None:
        folder = self._end.files[0].path.absolute().parent
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self._show(self.problem, f"No program shows folders here. It is {folder}", str(folder))

    def _review(self) -> None:
        self.review_wanted.emit(best_to_review(self._end))

    def _copy(self) -> None:
        clipboard = QApplication.clipboard()
        assert clipboard is not None
        clipboard.setText("\n".join(str(file.path.absolute()) for file in self._end.files))


def best_to_review(end: RecordingEnd) -> Path:
    """The first video of the source's own pixels, if there is one: an overlay is then not drawn on an overlay."""
    raw = [file.path for file in end.files if file.content is Content.RAW]
    return (*raw, *end.videos)[0]


def _where(end: RecordingEnd) -> str:
    """The files by folder, each folder once."""
    by_folder: dict[Path, list[str]] = {}
    for file in end.files:
        by_folder.setdefault(file.path.absolute().parent, []).append(file.path.name)
    return ";  ".join(f"{', '.join(names)}  in {folder}" for folder, names in by_folder.items())


def _what(end: RecordingEnd) -> str:
    words = {Content.RAW: "raw", Content.OVERLAY: "overlay", Content.EVENTS: "events", Content.REPORT: "report"}
    contents = dict.fromkeys(file.content for file in end.files if file.content is not None)
    what = ", ".join(words[content] for content in contents)
    if not end.files:
        return "Not recorded"
    lost = f", {end.left_out} frames left out" if end.left_out else ""
    return f"Recorded {hours_text(end.duration_s)}: {what}, {size_text(end.size)}{lost}"
