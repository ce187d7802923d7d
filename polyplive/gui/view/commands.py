"""What keys and menus can do with a view."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.gui.view.video_view import VideoView

_PAN = 0.2
"""Of what is seen, at each press of a key."""


def view_commands(video: VideoView) -> dict[str, Callable[[], object]]:
    """Commands of the table of shortcuts, for those who use no mouse."""
    ways = {"left": (-_PAN, 0.0), "right": (_PAN, 0.0), "up": (0.0, -_PAN), "down": (0.0, _PAN)}
    return {
        "zoom_in": lambda: video.zoom_by(1),
        "zoom_out": lambda: video.zoom_by(-1),
        "zoom_reset": video.reset_zoom,
        "toggle_loupe": lambda: video.set_loupe(not video.has_loupe),
        **{f"pan_{name}": functools.partial(video.pan, *way) for name, way in ways.items()},
    }
