"""What a live session is made of and what it leaves: frozen values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from polyplive.config import LiveSettings
from polyplive.types import OverlaySettings

if TYPE_CHECKING:
    from polyplive.live.outlet import Outlet
    from polyplive.pipeline import Pipeline
    from polyplive.sources.base import LiveSource
    from polyplive.stats import Distribution
    from polyplive.types import Tally


@dataclass(frozen=True, slots=True)
class LiveParts:
    """How a session gets its parts, and how it begins.

    ``open_source`` and ``open_pipeline`` are called in the threads that own what they give, again after each loss.
    ``frames`` ends the session after so many frames of the source (None: never). ``threshold`` is the probability of
    a contour (None: the pipeline's own). ``outlets`` take what is recorded. ``with_screen``: a window
    will ask for views.
    """

    open_source: Callable[[], LiveSource]
    open_pipeline: Callable[[], Pipeline]
    settings: LiveSettings = field(default_factory=LiveSettings)
    overlay: OverlaySettings = field(default_factory=OverlaySettings)
    threshold: float | None = None
    frames: int | None = None
    outlets: Sequence[Outlet] = ()
    with_screen: bool = False


@dataclass(frozen=True, slots=True)
class LiveSummary:
    """What a session did, when it is over.

    ``tally`` accounts for every frame on its way to the model, ``shown`` and ``unshown`` (by cause) for every frame
    on its way to the screen. Delays are in milliseconds. ``engine_starts`` and ``source_opens`` count the first too.
    """

    tally: Tally
    reason: str
    shown: int
    unshown: Mapping[str, int]
    video_delay: Distribution | None
    annotation_delay: Distribution | None
    engine_starts: int
    source_opens: int
    marked: int
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Paintings:
    """Every frame that went to the screen: when (seconds, monotonic) and how long after its read (ms).

    ``annotation_ms`` is the same of every result, counted when it was first on the screen.
    """

    times_s: list[float]
    video_ms: list[float]
    annotation_ms: list[float]
