"""The menus of the main window: one for each group of the table of shortcuts, with what can be done now."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QMenu

from polyplive.gui.parts.shortcuts import SHORTCUTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from PyQt6.QtGui import QAction
    from PyQt6.QtWidgets import QMenuBar

    from polyplive.gui.parts.shortcuts import Shortcut

_RECENT_BEFORE = "play_demo"


class RecentMenu(QMenu):
    """Opens recordings again, and forgets them."""

    def __init__(self, recent: Sequence[Path], choose: Callable[[Path], object], forget: Callable[[], object]) -> None:
        super().__init__("Recent recordings")
        self.setToolTipsVisible(True)
        for path in recent:
            action = self.addAction(path.name.replace("&", "&&"))
            assert action is not None
            action.setToolTip(str(path))
            action.triggered.connect(partial(_choose, choose, path))
        self.addSeparator()
        last = self.addAction("Forget them")
        assert last is not None
        last.triggered.connect(lambda _: forget())
        self.setEnabled(bool(recent))


def fill_menus(
    bar: QMenuBar, actions: Mapping[str, QAction], recent: RecentMenu, shortcuts: Sequence[Shortcut] = SHORTCUTS
) -> None:
    """Fill ``bar`` with ``actions`` by command in the order of ``shortcuts``, and ``recent`` among those of the file.

    What cannot be done now says why in its tool tip.
    """
    bar.clear()
    for group in dict.fromkeys(shortcut.group for shortcut in shortcuts):
        found = [actions[item.command] for item in shortcuts if item.group == group and item.command in actions]
        if not found:
            continue
        menu = QMenu(f"&{group}", bar)
        menu.setToolTipsVisible(True)
        menu.addActions(found)
        if actions.get(_RECENT_BEFORE) in found:
            recent.setParent(menu, recent.windowFlags())
            menu.insertMenu(actions[_RECENT_BEFORE], recent)
        bar.addMenu(menu)


def _choose(choose: Callable[[Path], object], path: Path, _: bool) -> None:
    choose(path)
