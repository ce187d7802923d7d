"""Which OpenGL renderer this machine has, and whether it is worth using."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtGui import QGuiApplication, QOffscreenSurface, QOpenGLContext, QSurfaceFormat
from PyQt6.QtOpenGL import QOpenGLFunctions_4_1_Core, QOpenGLVersionFunctionsFactory, QOpenGLVersionProfile

VERSION = (4, 1)
"""The oldest context that will do; macOS has no newer one."""
_RENDERER = 0x1F01
_SOFTWARE = ("llvmpipe", "softpipe", "swrast", "software", "gdi generic", "basic render", "swiftshader")
"""Parts of the names of renderers that draw on the processor."""
_WITHOUT = ("offscreen", "minimal", "linuxfb", "vnc")
"""Qt's platforms that show no OpenGL widget, though a context may be had on them."""


class OpenGLError(Exception):
    """OpenGL cannot be used; the text says why, in one line without a full stop."""


@dataclass(frozen=True, slots=True)
class Renderer:
    """``name`` as the driver gives it, and the ``version`` of its context."""

    name: str
    version: tuple[int, int]

    @property
    def is_software(self) -> bool:
        """Whether the processor draws: the raster view then takes a fraction of the time."""
        return any(word in self.name.lower() for word in _SOFTWARE)


def surface_format() -> QSurfaceFormat:
    """The format to ask for. Qt's thread never waits for the screen's next refresh, and so never for the card."""
    wanted = QSurfaceFormat()
    wanted.setVersion(*VERSION)
    wanted.setProfile(QSurfaceFormat.OpenGLContextProfile.CoreProfile)
    wanted.setSwapInterval(0)
    return wanted


def functions_of(context: QOpenGLContext | None) -> QOpenGLFunctions_4_1_Core:
    """The functions of ``context``, which is current. Raises ``OpenGLError`` where it is too old or of no use."""
    if context is None or not context.isValid():
        raise OpenGLError("no OpenGL context can be had")
    version = context.format().version()
    if version < VERSION or context.isOpenGLES():
        kind = "OpenGL ES" if context.isOpenGLES() else "OpenGL"
        needed = ".".join(map(str, VERSION))
        raise OpenGLError(f"the driver gives {kind} {version[0]}.{version[1]}, and OpenGL {needed} is needed")
    profile = QOpenGLVersionProfile()
    profile.setVersion(*VERSION)
    profile.setProfile(QSurfaceFormat.OpenGLContextProfile.CoreProfile)
    functions = QOpenGLVersionFunctionsFactory.get(profile, context)
    if not isinstance(functions, QOpenGLFunctions_4_1_Core) or not functions.initializeOpenGLFunctions():
        raise OpenGLError("the driver lacks functions of OpenGL 4.1")
    return functions


def find_renderer() -> Renderer:
    """What draws an OpenGL widget here. In Qt's thread, with an application; no window is shown.

    Raises ``OpenGLError`` where nothing does.
    """
    platform = QGuiApplication.platformName()
    if platform in _WITHOUT:
        raise OpenGLError(f"Qt's platform '{platform}' shows no OpenGL")
    context = QOpenGLContext()
    context.setFormat(surface_format())
    surface = QOffscreenSurface()
    if context.create():
        surface.setFormat(context.format())
        surface.create()
    if not context.isValid() or not context.makeCurrent(surface):
        raise OpenGLError("no OpenGL context can be had")
    try:
        name = functions_of(context).glGetString(_RENDERER)
        return Renderer(name or "unknown", context.format().version())
    finally:
        context.doneCurrent()
