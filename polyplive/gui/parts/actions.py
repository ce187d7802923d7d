"""Actions of commands: one object for the key, the menu's entry and whether it is ticked."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction, QKeySequence

from polyplive.gui.parts.shortcuts import SHORTCUTS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from PyQt6.QtWidgets import QWidget

    from polyplive.gui.parts.shortcuts import Shortcut


def make_actions(
    owner: QWidget,
    commands: Collection[str],
    run: Callable[[str], object],
    shortcuts: Sequence[Shortcut] = SHORTCUTS,
) -> dict[str, QAction]:
    """One action for each of ``commands`` that is in the table of ``shortcuts``, by command.

    They belong to ``owner``: their keys work while it is in the active window and visible. An action's data is its
    command.
    """
    made = {}
    for shortcut in shortcuts:
        if shortcut.command not in commands:
            continue
        action = QAction(shortcut.text, owner)
        action.setData(shortcut.command)
        action.setShortcuts([QKeySequence(keys) for keys in shortcut.keys])
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.triggered.connect(functools.partial(_run, run, shortcut.command))
        owner.addAction(action)
        made[shortcut.command] = action
    return made


def allow(action: QAction, reason: str) -> None:
    """Let ``action`` act where there is no ``reason`` against it; the tool tip in the menu says one."""
    if action.isEnabled() != (not reason):
        action.setEnabled(not reason)
    if action.toolTip() != (reason or action.text()):
        action.setToolTip(reason or action.text())


def _run(run: Callable[[str], object], command: str, _: bool) -> None:
    run(command)
