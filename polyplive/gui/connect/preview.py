"""The picture of a source before a session begins with it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject

from polyplive.errors import PolypliveError, text_of
from polyplive.gui.parts.update_signal import UpdateSignal
from polyplive.gui.view.scene import Scene
from polyplive.gui.view.video_view import VideoView
from polyplive.sessions.slot import LatestSlot
from polyplive.sources.device import DeviceSource

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.sources.capture.address import Address
    from polyplive.sources.capture.options import CaptureRequest
    from polyplive.types import Frame, SourceInfo

RELEASE_S = 3.0
"""How long ``stop`` waits until a device is free for the session. A driver that hangs is left behind."""


class Preview(QObject):
    """Shows the newest frame of a source in ``view``. Qt's thread; the source lives in a thread of its own.

    ``on_info`` gets what is known of the source once its first frame is there, and None once it has failed.
    """

    def __init__(self, on_info: Callable[[SourceInfo | None], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.view = VideoView("raster")
        self._on_info = on_info
        self._thread: _PreviewThread | None = None
        self._news = UpdateSignal()
        self._news.arrived.connect(self._look)

    @property
    def failed(self) -> bool:
        """Whether what was to be shown ended by itself."""
        return self._thread is not None and bool(self._thread.failure)

    def start(self, address: Address, request: CaptureRequest) -> None:
        """Show ``address`` from now on."""
        self.stop()
        self.view.show_message("Opening", address.shown)
        self._thread = _PreviewThread(address, request, self._news.tell)
        self._thread.start()

    def stop(self) -> None:
        """Show nothing, and wait until the source is closed."""
        thread, self._thread = self._thread, None
        self.view.show_scene(None)
        if thread is not None:
            thread.stop()
            thread.join(RELEASE_S)

    def say(self, title: str, detail: str = "") -> None:
        """Show a text instead of a picture."""
        self.view.show_scene(None)
        self.view.show_message(title, detail)

    def _look(self) -> None:
        self._news.heard()
        thread = self._thread
        if thread is None:
            return
        if thread.failure:
            self.view.show_scene(None)
            self.view.show_message("No picture", thread.failure, alert=True)
            self._on_info(None)
            return
        frame = thread.frames.take_now()
        if frame is not None:
            self.view.show_scene(Scene(frame))
        if thread.info is not None:
            self._on_info(thread.info)


class _PreviewThread(threading.Thread):
    """Reads a source until ``stop``; ``frames`` holds the newest one, ``failure`` says why there is none."""

    def __init__(self, address: Address, request: CaptureRequest, tell: Callable[[], None]) -> None:
        super().__init__(name="polyplive-preview", daemon=True)
        self.frames: LatestSlot[Frame] = LatestSlot()
        self.failure = ""
        self.info: SourceInfo | None = None
        self._address, self._request, self._tell = address, request, tell
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End after the current read; any thread."""
        self._stopped.set()

    def run(self) -> None:
        """Open and read."""
        try:
            self._read()
        except PolypliveError as error:
            self.failure = str(error)
        except Exception as error:  # a driver's or a library's own
            self.failure = text_of(error)
        self._tell()

    def _read(self) -> None:
        source = DeviceSource(self._address, self._request)
        try:
            while not self._stopped.is_set():
                frame = source.read()
                if frame is None:
                    return
                self.info = source.info
                self.frames.put(frame)
                self._tell()
        finally:
            source.close()
