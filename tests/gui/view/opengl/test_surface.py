"""The OpenGL view in a window: it shows what the raster view shows, and raster takes over where it fails."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import opengl_views
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="module", params=["1", "1.25"])
def grabbed(request: pytest.FixtureRequest, opengl: Callable[..., str], tmp_path_factory) -> Path:
    """What both views show, on a screen with so many device pixels to a logical one."""
    folder = tmp_path_factory.mktemp("views")
    assert opengl(str(Path(opengl_views.__file__)), str(folder), QT_SCALE_FACTOR=request.param) == ""
    return folder


def test_both_views_show_the_same(grabbed: Path) -> None:
    for thing in opengl_views.THINGS:
        raster, drawn = (np.load(grabbed / f"{thing}.{view}.npy") for view in ("raster", "opengl"))
        assert raster.shape == drawn.shape
        assert raster.std() > 5, "something is to be seen"
        difference = np.abs(raster.astype(int) - drawn).max(2)
        assert (difference <= 2).mean() >= 0.999, (thing, difference.max())


START = """
import numpy as np
from PyQt6.QtTest import QTest
from opengl_views import PATIENCE_MS, wait_for
from true_circles import seen
from polyplive.gui.app import make_application
from polyplive.gui.view.scene import Scene
from polyplive.gui.view.video_view import VideoView
from polyplive.types import Frame

application = make_application()
view = VideoView('opengl')
view.fell_back.connect(print)
view.show()
assert QTest.qWaitForWindowExposed(view, PATIENCE_MS)
white = Scene(Frame(np.full((120, 160, 3), 255, np.uint8)))
view.show_scene(white)

def is_white():
    view.repaint()
    return (seen(view)[150:300, 200:300] == 255).all()
"""


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"QT_XCB_GL_INTEGRATION": "none"}, "no OpenGL context can be had"),
        ({"MESA_GL_VERSION_OVERRIDE": "3.3"}, "the driver gives OpenGL 3.3, and OpenGL 4.1 is needed"),
    ],
)
def test_raster_draws_where_opengl_was_asked_for_and_cannot_be_had(
    opengl: Callable[..., str], environment: dict[str, str], reason: str
) -> None:
    said = opengl("-c", START + "\nassert is_white() and not view.is_opengl", **environment)
    assert said.splitlines() == [f"The picture is drawn without OpenGL: {reason}."]


def test_auto_takes_opengl_where_the_renderer_is_a_card(opengl: Callable[..., str]) -> None:
    assert opengl("-m", "polyplive.gui.view.choice").startswith("the processor: the OpenGL here, llvmpipe")
    assert opengl("-m", "polyplive.gui.view.choice", force_gl_renderer="A card").startswith("OpenGL: A card, OpenGL 4.")


LATER = """
def fails(how):
    global view
    view = VideoView("opengl")
    view.fell_back.connect(print)
    view.show()
    assert QTest.qWaitForWindowExposed(view, PATIENCE_MS)
    view.show_scene(white)
    assert view.is_opengl
    assert is_white()
    how()
    wait_for(lambda: not view.is_opengl)
    view.show_scene(white)
    assert is_white()
    view.close()

def too_large():  # for every driver
    view.show_scene(Scene(Frame(np.zeros((1, 100_000, 3), np.uint8))))
    view.repaint()

def lost():
    view.surface.setUpdatesEnabled(False)  # Qt paints nothing, as without a context
    for _ in range(5):
        view.surface.doneCurrent()
        view.surface.paintGL()  # as Qt calls it where the context cannot be made current
        view.repaint()

view.close()
fails(too_large)
fails(lost)
"""


def test_raster_goes_on_where_opengl_fails_later(opengl: Callable[..., str]) -> None:
    reasons = ("the card gives no texture of 50000x1", "its context is lost")
    said = opengl("-c", START + LATER).splitlines()
    assert said == [f"The picture is drawn without OpenGL: {reason}." for reason in reasons]


WINDOW = """
from gated_engine import open_gated
from opengl_views import PATIENCE_MS, wait_for
from true_circles import seen
from polyplive.config import Settings
from polyplive.evaluation.demo_truth import demo_clip
from polyplive.gui.session import session_page
from polyplive.gui.app import make_application
from polyplive.gui.window.opening import ReplayOpening
from polyplive.sessions.opening import open_video

session_page.CLOSE_TIMEOUT_S = PATIENCE_MS / 1000  # that the machine is busy is no fault
application = make_application()
opening = ReplayOpening(lambda: open_video(demo_clip()), open_gated(lambda: None), Settings(view="opengl"), frames=5)
window = opening.make_page()
window.show()
window.start()
wait_for(lambda: window.display.view.prediction is not None)
assert window.video.is_opengl
assert seen(window.video).std() > 20
window.close()
assert window.survivors == ()
print("done")
"""


def test_a_replay_window_is_drawn_by_opengl_and_closes(opengl: Callable[..., str]) -> None:
    assert opengl("-c", WINDOW).splitlines() == ["done"]
