"""Buttons of the bar below the picture: a picture of what each does, and its key on hover."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtWidgets import QToolButton

from polyplive.gui.icons import icon
from polyplive.gui.shortcuts import key_of

if TYPE_CHECKING:
    from PyQt6.QtCore import pyqtBoundSignal


def bar_button(command: str, picture: str, text: str, clicked: pyqtBoundSignal) -> QToolButton:
    """Emits ``clicked`` with ``command`` (one of the shortcuts' table), as its key does."""
    button = QToolButton()
    button.setIcon(icon(picture))
    button.setIconSize(QSize(20, 20))
    button.setToolTip(f"{text} ({key_of(command)})")
    button.setAccessibleName(text)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.clicked.connect(lambda: clicked.emit(command))
    return button


def view_buttons(clicked: pyqtBoundSignal) -> list[QToolButton]:
    """Those that every window has, at the end of its bar."""
    return [
        bar_button(command, picture, text, clicked)
        for command, picture, text in (
            ("snapshot", "camera", "Save a snapshot"),
            ("toggle_panel", "panel", "Tool panel"),
            ("toggle_fullscreen", "fullscreen", "Full screen"),
            ("help", "help", "Keyboard shortcuts"),
        )
    ]
