"""The outlines of findings in the results of an analysis: for small pictures of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.review.analysis.results import UNREADABLE, ResultFile

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.pipeline.tracking import Box
    from polyplive.review.analysis.planning import Plan
    from polyplive.types import Contour


def outline(plan: Plan, folder: Path, index: int, box: Box) -> Contour | None:
    """The contour of the region with ``box`` in the frame ``index``: int32 [N, 2], pixels of the frame.

    ``folder`` holds the results of ``plan``. None where there is no such region, or no result. Reads up to one piece.
    """
    piece = next((one for one in plan.pieces if one.first <= index and (index < one.last or one.is_last)), None)
    if piece is None:
        return None
    try:
        for frame in ResultFile(folder / piece.file_name):
            if frame.index == index and frame.result is not None:
                regions = (*frame.result.regions, *(frame.result.faint or ()))
                return next((kept.region.contour for kept in regions if tuple(kept.bbox) == tuple(box)), None)
    except UNREADABLE:
        return None
    return None
