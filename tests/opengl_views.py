"""What the raster view and the OpenGL view show of the same things: ``python opengl_views.py FOLDER``.

In a process of its own, on a display. Each thing is grabbed from both, and written as NAME.VIEW.npy.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from PyQt6.QtCore import QPointF, QSize
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QWidget
from true_circles import seen
from view_scenes import EVERYTHING, HUD, finding
from window_driver import PATIENCE_MS

from polyplive.evaluation.demo_truth import demo_clip
from polyplive.gui.app import make_application
from polyplive.gui.view.banner import Banner
from polyplive.gui.view.scene import Scene
from polyplive.gui.view.video_view import VideoView
from polyplive.sessions.opening import open_video
from polyplive.types import Frame, SessionState

THINGS = (
    "message",
    "one",
    "two",
    "zoomed",
    "loupe",
    "lost",
    "late",
    "other shape",
    "resized",
    "shown again",
    "in another window",
)


def wait_for(condition: Callable[[], bool]) -> None:
    """Let Qt go on until ``condition`` holds."""
    deadline_s = time.monotonic() + PATIENCE_MS / 1000
    while not condition():
        assert time.monotonic() < deadline_s, "waited in vain"
        QTest.qWait(5)


def scenes() -> tuple[Scene, Scene, Scene]:
    """One frame of the demo clip alone and twice, and a smaller one."""
    source = open_video(demo_clip())
    frame = source.read()
    source.close()
    small = Frame(cv2.resize(frame.image, (200, 240)), sample_aspect=Fraction(16, 11))
    made = [Scene(each, finding(each.width, each.height), EVERYTHING, HUD) for each in (frame, small)]
    return made[0], Scene(frame, made[0].prediction, EVERYTHING, HUD, side_by_side=True), made[1]


class Keeper:
    """Shows one view and writes what it looks like."""

    def __init__(self, name: str, folder: Path) -> None:
        self.view, self._name, self._folder = VideoView(name), name, folder
        self.view.fell_back.connect(print)

    def keep(self, thing: str) -> None:
        self.view.repaint()
        QTest.qWait(1)
        np.save(self._folder / f"{thing}.{self._name}.npy", seen(self.view))

    def run(self, one: Scene, two: Scene, small: Scene) -> None:
        view = self.view
        view.resize(500, 400)
        view.show_message("Opening", "The source is being opened.")
        view.show()
        assert QTest.qWaitForWindowExposed(view, PATIENCE_MS)
        self.keep("message")
        for thing, scene in (("one", one), ("two", two), ("other shape", small)):
            view.show_scene(scene)
            self.keep(thing)
            if thing == "two":
                self._look_closer()
        view.resize(433, 351)
        wait_for(lambda: view.windowHandle().size() == QSize(433, 351))
        self.keep("resized")
        view.hide()
        view.show_scene(one)
        view.repaint()
        view.show()
        assert QTest.qWaitForWindowExposed(view, PATIENCE_MS)
        self.keep("shown again")
        self._move(two)
        assert view.is_opengl == (self._name == "opengl")

    def _look_closer(self) -> None:
        """Zoomed, and with the loupe at the picture's border over that, as often as textures are kept."""
        view = self.view
        view.zoom_by(5, QPointF(330, 210))
        self.keep("zoomed")
        view.set_loupe(True)
        right = view.picture_rects()[1]
        for place in ((right.left() + 90, right.top() + 70), (right.right() - 2, right.top() + 50)):
            view.pointer.moved.emit(QPointF(*place))
            view.repaint()
        self.keep("loupe")
        view.set_loupe(False)
        view.reset_zoom()
        view.show_glow(True)
        for thing, state in (("late", SessionState.STALE), ("lost", SessionState.NO_SIGNAL)):
            view.show_banner(Banner(thing, state, ("next try in 3 s",), is_lost=thing == "lost"))
            self.keep(thing)
        view.show_banner(None)
        view.show_glow(False)

    def _move(self, scene: Scene) -> None:
        """Into another window, and so into another context."""
        window = QWidget()
        window.resize(500, 450)
        self.view.setParent(window)
        self.view.setGeometry(11, 13, 433, 351)
        window.show()
        self.view.show()
        assert QTest.qWaitForWindowExposed(window, PATIENCE_MS)
        self.view.show_scene(scene)
        self.keep("in another window")
        window.close()
        assert not self.view.isVisible()


def main(folder: Path) -> None:
    application = make_application()
    shown = scenes()
    for name in ("raster", "opengl"):
        Keeper(name, folder).run(*shown)
    application.processEvents()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
