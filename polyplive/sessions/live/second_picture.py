"""What a second screen shows of a session, as a JPEG picture."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from polyplive.overlay.compositor import corners
from polyplive.overlay.dimmed import dim
from polyplive.overlay.screen_picture import screen_picture
from polyplive.overlay.target import Target
from polyplive.sessions.live.figures import NO_PICTURE
from polyplive.types import OverlaySettings, SessionState

if TYPE_CHECKING:
    from polyplive.sessions.recorder.messages import CapturedFrame
    from polyplive.types import Image

QUALITY = 85
"""Of JPEG, from 0 to 100."""
MOST_PIXELS = 1920, 1080
"""Width and height at most: a larger picture is sent smaller."""
_STATE_DENSITY = 2.2
_NO_FRAME = 720, 1280


@dataclass(frozen=True, slots=True)
class Shown:
    """A session's picture at one moment.

    ``captured`` is the newest frame with what is drawn on it, None before the first. ``picture_age_s`` and
    ``next_try_s`` are as in ``View``.
    """

    captured: CapturedFrame | None
    state: SessionState
    reason: str = ""
    picture_age_s: float | None = None
    next_try_s: float | None = None

    @property
    def words(self) -> tuple[str, str] | None:
        """What stands large on a picture that is not live; None for one that is."""
        if self.captured is None:
            return "No picture yet", self.reason
        if self.state not in NO_PICTURE:
            return None
        age = f"The last picture is {self.picture_age_s:.0f} s old." if self.picture_age_s is not None else ""
        again = f" Next try in {self.next_try_s:.0f} s." if self.next_try_s else ""
        return "No signal", age + again

    def looks_like(self, other: Shown) -> bool:
        """Whether both show the same frame with the same marks and words."""
        return self._looks == other._looks

    @property
    def _looks(self) -> tuple[object, ...]:
        one = self.captured
        drawn = (one.frame, one.prediction, one.overlay) if one is not None else ()
        return (*drawn, self.state, self.words)


def encoded(shown: Shown, *, has_ended: bool = False) -> bytes:
    """A JPEG picture: the frame as a window shows it, at most ``MOST_PIXELS`` large and with square pixels.

    Without a signal it is the last frame, dimmed, with large words. ``has_ended``: the session is over.
    """
    image = _drawn(shown, has_ended=has_ended)
    _, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return jpeg.tobytes()


def _drawn(shown: Shown, *, has_ended: bool) -> Image:
    words = ("Ended", "This is the last picture.") if has_ended and shown.captured is not None else shown.words
    picture = _frame(shown.captured, is_bare=words is not None)
    if words is not None:
        dim(picture, *words)
    return picture


def _frame(captured: CapturedFrame | None, *, is_bare: bool) -> Image:
    """The frame with its marks, and with the state's word where something keeps them off; ``is_bare``: alone."""
    if captured is None:
        return np.zeros((*_NO_FRAME, 3), np.uint8)
    if is_bare:
        return screen_picture(captured.frame, None, OverlaySettings(visible=False), None, MOST_PIXELS)
    hud = captured.hud if captured.hud.state is SessionState.READY else None
    picture = screen_picture(captured.frame, captured.prediction, captured.overlay, hud, MOST_PIXELS)
    if hud is None:
        _draw_state(picture, captured)
    return picture


def _draw_state(picture: Image, captured: CapturedFrame) -> None:
    """Say why nothing is marked, in letters that are read from further away than a window's."""
    size = picture.shape[1], picture.shape[0]
    overlay = dataclasses.replace(captured.overlay, status=True, legend=False)
    for pad in corners(Target(size, *size, density=_STATE_DENSITY), overlay, captured.hud):
        pad.draw(picture)
