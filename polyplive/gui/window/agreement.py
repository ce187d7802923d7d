"""Asks before something ends that nobody can bring back: a live session, perhaps with its recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QMessageBox

if TYPE_CHECKING:
    from collections.abc import Callable

    from PyQt6.QtWidgets import QWidget


def ask_to_end(what: str, purpose: str, act: Callable[[], object], parent: QWidget) -> None:
    """Ask over ``parent`` whether to end ``what`` to ``purpose``, and call ``act`` once that is agreed to.

    Returns at once: what is shown goes on meanwhile. Enter and Esc leave it as it is.
    """
    buttons = QMessageBox.StandardButton
    question = f"End the {what} to {purpose}?"
    asked = QMessageBox(QMessageBox.Icon.Question, "polyplive", question, buttons.Ok | buttons.Cancel, parent)
    asked.setDefaultButton(buttons.Cancel)
    asked.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    asked.accepted.connect(act)
    asked.open()
