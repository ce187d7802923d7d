"""Why a window can or cannot be opened."""

from __future__ import annotations

import subprocess
import sys

import pytest

from polyplive.system.machine import has_display, window_problem

QT_SAID = "qt.qpa.plugin: From 6.5.0, xcb-cursor0 or libxcb-cursor0 is needed to load the Qt xcb platform plugin."


@pytest.fixture
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("no_variables")
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems name no display")
def test_without_a_display_it_is_that_and_not_what_qt_lacks() -> None:
    assert "neither DISPLAY nor WAYLAND_DISPLAY is set" in str(window_problem())
    assert not has_display()


@pytest.mark.usefixtures("no_variables")
def test_with_a_display_it_is_what_qt_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":97")
    done = subprocess.CompletedProcess([], 134, "", f"\n{QT_SAID}\nAborted\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    assert window_problem() == QT_SAID.removesuffix(".")


@pytest.mark.usefixtures("no_variables")
def test_qts_own_words_for_a_display_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":97")
    assert window_problem()
    assert not has_display()
