"""The part of a live bar that records: a button, the choice of what, and a button that marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QHBoxLayout, QWidget

from polyplive.gui.parts.bar_button import bar_button
from polyplive.gui.parts.icons import icon
from polyplive.gui.parts.theme import ALERT
from polyplive.gui.parts.widgets import ChoiceBox
from polyplive.sinks.base import Content

if TYPE_CHECKING:
    from PyQt6.QtCore import pyqtBoundSignal

    from polyplive.sessions.recorder.status import RecordingStatus

CHOICES: tuple[tuple[str, tuple[Content, ...], str], ...] = (
    ("Raw", (Content.RAW,), "The source's own pixels"),
    ("Overlay", (Content.OVERLAY,), "With what is drawn on them"),
    ("Both", (Content.RAW, Content.OVERLAY), "Two files: it takes twice the work"),
)


class RecordButtons(QWidget):
    """``clicked`` of the bar carries the commands. Qt's thread."""

    def __init__(self, clicked: pyqtBoundSignal, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.record = bar_button("toggle_recording", "record", "Record", clicked)
        self.record.setIcon(icon("record", ALERT))
        self.record.setObjectName("record")
        self.record.setCheckable(True)
        self.mark = bar_button("mark", "mark", "Mark this moment", clicked)
        self.choice = ChoiceBox()
        self.choice.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.choice.setAccessibleName("What is recorded")
        self.choice.setToolTip("What is recorded: events lie beside it in any case")
        for place, (name, contents, tip) in enumerate(CHOICES):
            self.choice.addItem(name, contents)
            self.choice.setItemData(place, tip, Qt.ItemDataRole.ToolTipRole)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for widget in (self.record, self.choice, self.mark):
            layout.addWidget(widget)

    @property
    def contents(self) -> tuple[Content, ...]:
        """What is to be recorded."""
        return CHOICES[self.choice.currentIndex()][1]

    def update_from(self, status: RecordingStatus) -> None:
        """Show whether something is being recorded."""
        self.record.setChecked(status.is_recording)
        self.choice.setEnabled(not status.is_recording)
