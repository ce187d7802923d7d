"""``polyplive review``."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from polyplive.commands import replay
from polyplive.commands.messages import say
from polyplive.commands.review_export import ReviewExport, not_analysed, review_kinds
from polyplive.config import Settings
from polyplive.review.analysis.background import Analysis
from polyplive.review.analysis.cache import folder_of
from polyplive.review.analysis.outlines import outline
from polyplive.review.analysis.planning import VideoOptions
from polyplive.types import StereoOption
from polyplive.validation import check_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from polyplive.gui.review.parts import ReviewParts
    from polyplive.gui.window.opening import ReplayOpening
    from polyplive.review.analysis.planning import Plan
    from polyplive.review.tracks import Sighting
    from polyplive.types import Contour


@dataclass(frozen=True, slots=True)
class ReviewRequest:
    """The request of ``polyplive review``: ``by`` is the reviewer's name; the others are as in ``ReplayRequest``."""

    video: Path
    settings: Settings = field(default_factory=Settings)
    by: str = ""
    start_s: Annotated[float, Meta(ge=0)] = 0.0
    deinterlace: bool = False
    stream: Annotated[int, Meta(ge=1)] | None = None
    stereo: StereoOption | None = None
    snapshots: Path | None = None

    def __post_init__(self) -> None:
        check_fields(self)

    @property
    def replay(self) -> replay.ReplayRequest:
        """What plays it."""
        names = {item.name for item in dataclasses.fields(self)} - {"by"}
        return replay.ReplayRequest(**{name: getattr(self, name) for name in names})


def opening(request: ReviewRequest, name_reviewer: Callable[[str], None]) -> ReplayOpening:
    """The video with its review, for the window. ``name_reviewer`` keeps another name of the reviewer.

    Raises ``PolypliveError`` for what cannot be played.
    """
    made = replay.opening(request.replay)
    return dataclasses.replace(made, make_review=functools.partial(_parts, request, name_reviewer))


def _parts(request: ReviewRequest, name_reviewer: Callable[[str], None]) -> ReviewParts:
    from polyplive.gui.review.parts import ReviewExports, ReviewParts
    from polyplive.gui.review.whole_analysis import WholeAnalysis
    from polyplive.review.live_marks import marks_beside
    from polyplive.review.storage import open_review

    review = open_review(request.video, by=request.by)
    video = VideoOptions(request.deinterlace, request.stream, request.stereo, request.settings.full_paths)
    analysis = WholeAnalysis(functools.partial(Analysis, request.video, request.settings, video, notify=say))
    open_source = functools.partial(video.open, request.video)

    def export(files: Mapping[str, Path]) -> ReviewExport:
        events = analysis.running.events
        if events is None:
            raise not_analysed(analysis.state.share)
        return ReviewExport(request.video, events, review.said(), analysis.timeline.quality, open_source, files)

    return ReviewParts(
        review,
        open_source,
        analysis,
        contour_of=lambda sighting: _outline(analysis.running.plan, sighting),
        describe=analysis.facts,
        read_marks=lambda: marks_beside(request.video),
        name_reviewer=name_reviewer,
        exports=ReviewExports(review_kinds(), export),
        close=review.close,
    )


def _outline(plan: Plan | None, sighting: Sighting) -> Contour | None:
    """The outline of a sighting, as far as the analysis has got."""
    if plan is None:
        return None
    return outline(plan, folder_of(plan.key), sighting.index, sighting.box)
