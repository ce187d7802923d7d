"""Which way pictures take to the screen on this machine; run as a program it says so."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PyQt6.QtGui import QGuiApplication

from polyplive.gui.view.opengl.renderer import OpenGLError, find_renderer

if TYPE_CHECKING:
    from polyplive.types import ViewOption


@dataclass(frozen=True, slots=True)
class Choice:
    """Whether the card draws, and why, as words without a full stop; ``is_refused``: OpenGL was wanted and is not."""

    is_opengl: bool
    why: str
    is_refused: bool = False


@functools.cache
def choose(wanted: ViewOption) -> Choice:
    """What draws where ``wanted`` is asked for. Qt's thread, with an application.

    The first call loads the driver, which takes a while; a process has one answer.
    ``auto`` takes OpenGL only where a graphics card draws: on the processor it is several times slower than raster.
    """
    if wanted == "raster":
        return Choice(False, "raster was asked for")
    try:
        renderer = find_renderer()
    except OpenGLError as error:
        return Choice(False, str(error), is_refused=wanted == "opengl")
    if wanted == "auto" and renderer.is_software:
        return Choice(False, f"the OpenGL here, {renderer.name}, is the processor's")
    return Choice(True, f"{renderer.name}, OpenGL {'.'.join(map(str, renderer.version))}")


def main() -> None:
    """Print what ``auto`` takes, in one line."""
    application = QGuiApplication(["polyplive"])
    choice = choose("auto")
    print(f"OpenGL: {choice.why}" if choice.is_opengl else f"the processor: {choice.why}")
    del application


if __name__ == "__main__":
    main()
