"""What the window makes a review of: the kept review, the analysis, pictures, marks and exports."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from polyplive.commands.messages import say
from polyplive.commands.review_export import ReviewExport, not_analysed, review_kinds
from polyplive.gui.review.parts import ReviewExports, ReviewParts
from polyplive.gui.review.whole_analysis import WholeAnalysis
from polyplive.review.analysis.background import Analysis
from polyplive.review.analysis.cache import folder_of
from polyplive.review.analysis.outlines import outline
from polyplive.review.live_marks import marks_beside
from polyplive.review.storage import open_review

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from polyplive.config import Settings
    from polyplive.review.analysis.planning import Plan, VideoOptions
    from polyplive.review.tracks import Sighting
    from polyplive.types import Contour


def review_parts(
    path: Path, settings: Settings, video: VideoOptions, by: str, name_reviewer: Callable[[str], None]
) -> ReviewParts:
    """What a review by ``by`` of the video at ``path``, opened as ``video`` says, is made of. Qt's thread.

    ``name_reviewer`` keeps another name of the reviewer. Raises ``DataError``.
    """
    review = open_review(path, by=by)
    analysis = WholeAnalysis(functools.partial(Analysis, path, settings, video, notify=say))
    open_source = functools.partial(video.open, path)

    def export(files: Mapping[str, Path]) -> ReviewExport:
        events = analysis.running.events
        if events is None:
            raise not_analysed(analysis.state.share)
        return ReviewExport(path, events, review.said(), analysis.timeline.quality, open_source, files)

    return ReviewParts(
        review,
        open_source,
        analysis,
        contour_of=lambda sighting: _outline(analysis.running.plan, sighting),
        describe=analysis.facts,
        read_marks=lambda: marks_beside(path),
        name_reviewer=name_reviewer,
        exports=ReviewExports(review_kinds(), export),
        close=review.close,
    )


def _outline(plan: Plan | None, sighting: Sighting) -> Contour | None:
    """The outline of a sighting, as far as the analysis has got."""
    if plan is None:
        return None
    return outline(plan, folder_of(plan.key), sighting.index, sighting.box)
