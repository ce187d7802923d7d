"""In which threads the marks of an overlay are drawn for a view."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from polyplive.overlay import baked as baking

if TYPE_CHECKING:
    import pytest


def drawing_threads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Their names, one for each drawing from now on."""
    names: list[str] = []
    drawn = baking.marks

    def noted(*given, **named):
        names.append(threading.current_thread().name)
        return drawn(*given, **named)

    monkeypatch.setattr(baking, "marks", noted)
    return names
