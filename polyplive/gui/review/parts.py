"""What a review is made of, as the window uses it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from polyplive.gui.export.dialog import Kinds
    from polyplive.gui.export.job import Export
    from polyplive.review.review import Review
    from polyplive.review.review_content import Analysis
    from polyplive.review.timeline import Timeline
    from polyplive.review.tracks import Sighting
    from polyplive.sinks.base import Mark
    from polyplive.sources.base import Source
    from polyplive.types import Contour


ENDS_WITHIN_S = 0.5
"""So long the window waits for a thread of a review to end; one that opens a long video or a model ends by itself."""


@dataclass(frozen=True, slots=True)
class AnalysisState:
    """How far an analysis is: ``share`` in [0, 1], ``left_s`` the seconds that it still takes (None: not known yet).

    ``problem`` is one line about what ended it; empty where nothing did.
    """

    share: float = 0.0
    left_s: float | None = None
    is_paused: bool = False
    is_over: bool = False
    problem: str = ""


class BackgroundAnalysis(Protocol):
    """Goes over a whole recording while the window is used. Its methods return at once."""

    def start(self, on_news: Callable[[], None]) -> None:
        """Begin; ``on_news`` is called in a thread of the analysis, at most some times a second."""
        ...

    @property
    def state(self) -> AnalysisState:
        """How far it is; any thread."""
        ...

    @property
    def timeline(self) -> Timeline:
        """What it has found so far; any thread. The same object while nothing is new."""
        ...

    def pause(self) -> None:
        """Rest until ``resume``."""
        ...

    def resume(self) -> None:
        """Go on."""
        ...

    def close(self) -> None:
        """End it; what was analysed is kept."""
        ...


@dataclass(frozen=True, slots=True)
class ReviewExports:
    """What can be exported of a review: ``kinds``, of which ``begin`` makes an export of the chosen files.

    Qt's thread. ``begin`` raises ``PolypliveError`` where that is not possible yet.
    """

    kinds: Kinds
    begin: Callable[[Mapping[str, Path]], Export]


@dataclass(frozen=True, slots=True)
class ReviewParts:
    """A ``review`` with the ``analysis`` that fills its timeline (None: it is filled already).

    ``open_source`` opens the video once more, in a thread for small pictures; ``contour_of`` gives the outline of a
    sighting there, or None. ``describe`` says what findings come from, in the analysis's thread; None while that is
    unknown. ``read_marks`` reads the marks of the session that recorded it, in another thread; their times are the
    video's. ``name_reviewer`` keeps the name of who reviews. ``exports`` is what can be exported. ``close`` is called
    when all has ended.
    """

    review: Review
    open_source: Callable[[], Source]
    analysis: BackgroundAnalysis | None = None
    contour_of: Callable[[Sighting], Contour | None] = lambda _: None
    describe: Callable[[], Analysis | None] = lambda: None
    read_marks: Callable[[], tuple[Mark, ...]] = lambda: ()
    name_reviewer: Callable[[str], None] = lambda _: None
    exports: ReviewExports | None = None
    close: Callable[[], object] = lambda: None
