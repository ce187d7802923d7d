"""What a view puts on screen; without Qt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from polyplive.overlay.baked import baked
from polyplive.overlay.target import Target
from polyplive.types import Hud, OverlaySettings

if TYPE_CHECKING:
    from polyplive.overlay.baked import Patch
    from polyplive.pixels.crop import Crop
    from polyplive.types import Frame, Prediction


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A frame and what is drawn on it, at no particular size.

    ``prediction`` is drawn as ``settings`` say, ``hud`` stands in the corners. With ``side_by_side`` the frame is shown
    twice: as it is on the left, with the overlay on the right.
    """

    frame: Frame
    prediction: Prediction | None = None
    settings: OverlaySettings = field(default_factory=OverlaySettings)
    hud: Hud = field(default_factory=Hud)
    side_by_side: bool = False

    def target(self, width: int, height: int, density: float, crop: Crop | None = None) -> Target:
        """A view that shows the frame as ``width`` by ``height`` device pixels, ``density`` of them in a logical one.

        With ``crop`` it shows that part of it. Given to ``polyplive.overlay.compositor.elements`` with the fields
        above, it tells where each mark lies.
        """
        return Target((self.frame.width, self.frame.height), width, height, density=density, crop=crop)

    def patches(self, target: Target) -> tuple[Patch, ...]:
        """The overlay at that size, to be laid over the scaled frame; usually drawn before, in the engine's thread."""
        return baked(target, self.prediction, self.settings, self.hud)
