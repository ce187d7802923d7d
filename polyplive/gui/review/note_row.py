"""The row in which a note is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from polyplive.gui.parts.elided_label import ElidedLabel
from polyplive.gui.review.axis import time_text

if TYPE_CHECKING:
    from polyplive.gui.review.shown import Flag

MOST_LETTERS = 2000


@dataclass(frozen=True, slots=True)
class NoteDraft:
    """What is being written: the text for the note ``flag`` (None: a new one) at ``at_s``, about ``track`` if any."""

    at_s: float
    track: int | None = None
    flag: Flag | None = None


class NoteRow(QFrame):
    """A field for a note. Enter writes it, Escape leaves it as it was; an empty one is removed.

    ``written`` carries the draft and its text; ``left`` says that it is over, and keys are the window's again.
    """

    written = pyqtSignal(object, str)
    left = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("recording")
        self._draft: NoteDraft | None = None
        self.title = ElidedLabel()
        self.title.setProperty("role", "mark")
        self.field = _Field()
        self.field.setMaxLength(MOST_LETTERS)
        self.field.setAccessibleName("Note")
        self.field.returnPressed.connect(self._write)
        self.field.left.connect(self.leave)
        self.hint = QLabel("Enter keeps it, Esc does not")
        self.hint.setProperty("role", "quiet")
        self.save = QPushButton("Keep")
        self.save.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.save.setToolTip("Keep the note (Enter)")
        self.save.clicked.connect(self._write)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 4, 12, 4)
        layout.setSpacing(10)
        for widget, stretch in ((self.title, 0), (self.field, 1), (self.hint, 0), (self.save, 0)):
            layout.addWidget(widget, stretch)

    def begin(self, draft: NoteDraft) -> None:
        """Write a note, or change one."""
        self._draft = draft
        about = f"about finding {draft.track} " if draft.track is not None else ""
        what = f"Note {draft.flag.number}" if draft.flag is not None else "Note"
        self.title.setText(f"{what} {about}at {time_text(draft.at_s)}")
        self.field.setText(draft.flag.text if draft.flag is not None else "")
        self.field.setPlaceholderText(
            "Without a text it is removed" if draft.flag is not None else "What is to be said?"
        )
        self.field.setAccessibleDescription(self.title.text())
        self.field.setFocus()

    def leave(self) -> None:
        """Go without a change."""
        self._draft = None
        self.left.emit()

    def _write(self) -> None:
        draft = self._draft
        if draft is not None:
            self.written.emit(draft, self.field.text().strip())
        self.leave()


class _Field(QLineEdit):
    """A field that Escape leaves."""

    left = pyqtSignal()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Escape is not the window's while a note is written."""
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent | None) -> bool:
        """Take Escape before the window does; letters and undo are the field's own anyway."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and event.key() == Qt.Key.Key_Escape
        ):
            event.accept()
            return True
        return super().event(event)
