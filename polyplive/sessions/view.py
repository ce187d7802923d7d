"""The view: what a window shows of a session at one moment, recorded or live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from polyplive.sessions.recorder.status import RecordingStatus
from polyplive.types import Figures, SessionState

if TYPE_CHECKING:
    from polyplive.backends.base import EngineSpec
    from polyplive.sessions.live.savings import Late
    from polyplive.sessions.recorder.status import RecordingEnd
    from polyplive.types import Frame, Prediction, SourceInfo


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Everything that a window shows at one moment.

    ``frame`` is None until the first one is there. ``prediction`` is the frame's own when every frame waits for its
    result; only the first one of all is shown without while the model opens, and then again. Otherwise it is the newest
    that is not stale, or None. ``reason`` explains ``state`` in one line.
    ``position_s`` and ``duration_s`` are PTS in seconds, the latter None when unknown or live. ``generation`` rises
    with every seek. ``notices`` are lines about failed sinks, about settings that a device refused and about a live
    source's clock.
    ``info`` and ``engine`` are None until the source or the model is open. ``dropped`` counts frames that were not
    shown (live: not processed), by cause. ``governed`` is what a live session's governor did last, in one line, while
    less than usual is done or it is news. ``picture_age_s`` counts from the last live picture that showed anything
    new, ``next_try_s`` until what failed is tried again (0: it is being tried). ``late`` says that live results are
    too old most of the time. ``restream`` is the address at which other programs get the picture, with its secret;
    empty where there is none.
    ``recording`` says how recording goes, as it was a moment ago; ``recorded`` what each recording left that is over.
    """

    frame: Frame | None = None
    prediction: Prediction | None = None
    state: SessionState = SessionState.READY
    reason: str = ""
    playing: bool = False
    position_s: float = 0.0
    duration_s: float | None = None
    generation: int = 0
    figures: Figures = field(default_factory=Figures)
    dropped: Mapping[str, int] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    info: SourceInfo | None = None
    engine: EngineSpec | None = None
    governed: str = ""
    restream: str = ""
    picture_age_s: float | None = None
    next_try_s: float | None = None
    late: Late | None = None
    recording: RecordingStatus = field(default_factory=RecordingStatus)
    recorded: tuple[RecordingEnd, ...] = ()

    @property
    def drawn(self) -> Prediction | None:
        """What of ``prediction`` is on the picture: nothing while the overlay is off."""
        return self.prediction if self.state is not SessionState.OVERLAY_OFF else None
