"""News for Qt's thread from another thread."""

from __future__ import annotations

import threading

from PyQt6.QtCore import QObject, pyqtSignal


class UpdateSignal(QObject):
    """Tells Qt's thread that there is something new to show, once until it has been handled."""

    arrived = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._told = False

    def tell(self) -> None:
        """Called in any thread; returns at once."""
        with self._lock:
            if self._told:
                return
            self._told = True
        try:
            self.arrived.emit()
        except RuntimeError:
            return  # the window was closed before this thread ended

    def heard(self) -> None:
        """Note that Qt's thread has handled it: the next call of ``tell`` emits again."""
        with self._lock:
            self._told = False
