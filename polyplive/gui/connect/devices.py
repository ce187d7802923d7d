"""Looks for capture devices without holding up the window."""

from __future__ import annotations

import threading

from PyQt6.QtCore import QObject, pyqtSignal

from polyplive.sources.capture.devices import list_devices


class DeviceFinder(QObject):
    """``found`` carries what was found, a list of ``CaptureDevice``. A driver that does not answer holds up nobody."""

    found = pyqtSignal(object)

    def look(self) -> None:
        """Look, in a thread of its own; returns at once."""
        threading.Thread(target=self._look, name="polyplive-devices", daemon=True).start()

    def _look(self) -> None:
        devices = list_devices()
        try:
            self.found.emit(devices)
        except RuntimeError:
            return  # the dialog was closed before this thread ended
