"""A display on which OpenGL draws, for processes of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from start_stop import virtual_display

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TESTS = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    if shutil.which("Xvfb") is None:
        pytest.skip("OpenGL needs a display, and there is no Xvfb")
    with virtual_display() as name:
        start = "from PyQt6.QtGui import QGuiApplication; QGuiApplication([])"
        shown = {**os.environ, "DISPLAY": name, "QT_QPA_PLATFORM": "xcb"}
        done = subprocess.run([sys.executable, "-c", start], env=shown, capture_output=True, text=True, check=False)
        if "Could not load the Qt platform plugin" in done.stderr:
            pytest.skip(f"Qt shows nothing on an X server here: {done.stderr.splitlines()[0]}")
        yield name


@pytest.fixture(scope="session")
def run_on_display(display: str) -> Callable[..., str]:
    """Runs Python on a display: arguments of the interpreter and more of the environment; gives what it prints.

    Fails where something of OpenGL is left when its context goes.
    """

    def run(*arguments: str, **more: str) -> str:
        paths = os.pathsep.join([str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])])
        shown = {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "PYTHONPATH": paths}
        done = subprocess.run(
            [sys.executable, *arguments],
            env={**os.environ, **shown, **more},
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        complaints = [line for line in done.stderr.splitlines() if "current context" in line or "Traceback" in line]
        assert complaints == []
        return done.stdout

    return run


@pytest.fixture(scope="session")
def opengl(run_on_display: Callable[..., str]) -> Callable[..., str]:
    """``run_on_display``, where OpenGL can be had there."""
    found = run_on_display("-m", "polyplive.gui.view.choice")
    if "llvmpipe" not in found and "OpenGL:" not in found:
        pytest.skip(f"OpenGL cannot be had on a virtual display: {found.strip()}")
    return run_on_display
