"""Buttons of the bar below the picture, each with an icon, and its key in the tool tip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtWidgets import QToolButton

from polyplive.gui.parts.icons import icon
from polyplive.gui.parts.shortcuts import key_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PyQt6.QtCore import pyqtBoundSignal
    from PyQt6.QtWidgets import QWidget

    from polyplive.gui.parts.shortcuts import Shortcut


def bar_button(command: str, picture: str, text: str, clicked: pyqtBoundSignal) -> QToolButton:
    """A button that emits ``clicked`` with ``command``, one of the table of shortcuts."""
    button = QToolButton()
    button.setIcon(icon(picture))
    button.setIconSize(QSize(20, 20))
    button.setProperty("command", command)
    button.setToolTip(f"{text} ({key_of(command)})")
    button.setAccessibleName(text)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.clicked.connect(lambda: clicked.emit(command))
    return button


def view_buttons(clicked: pyqtBoundSignal) -> list[QToolButton]:
    """The buttons at the end of every window's bar."""
    return [
        bar_button(command, picture, text, clicked)
        for command, picture, text in (
            ("snapshot", "camera", "Save a snapshot, clean and marked"),
            ("toggle_panel", "panel", "Tool panel"),
            ("toggle_fullscreen", "fullscreen", "Full screen"),
            ("help", "help", "Keyboard shortcuts"),
        )
    ]


def show_keys(root: QWidget, shortcuts: Sequence[Shortcut]) -> None:
    """Name the keys of ``shortcuts`` in the tool tips of all such buttons below ``root``."""
    for button in root.findChildren(QToolButton):
        command = button.property("command")
        if command is not None:
            button.setToolTip(f"{button.accessibleName()} ({key_of(command, shortcuts)})")
