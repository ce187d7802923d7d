"""The figures of a recording, from its events."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from polyplive.batch.result import Figures
from polyplive.review.events_file import EventsFile
from polyplive.review.linking import Linker

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.review.findings import FrameFindings


def figures_of(events: Path) -> Figures:
    """Read an events file that has its end. Raises ``DataError``."""
    file = EventsFile(events)
    session = file.session
    linker = Linker(session.frame_s)
    digest = hashlib.sha256()
    marked, end_s = 0, 0.0
    for frame in file.frames():
        linker.add(frame)
        digest.update(_as_bytes(frame))
        marked += bool(frame.detections)
        end_s = max(end_s, frame.time_s + session.frame_s)
    end = file.end or {}
    tracks = linker.tracks()
    return Figures(
        width=session.width,
        height=session.height,
        fps=session.fps,
        duration_s=round(end_s, 3),
        frames_read=end["frames_read"],
        frames_processed=end["frames_processed"],
        dropped=end["dropped"],
        repaired=end["repaired"],
        frames_marked=marked,
        findings=len(tracks),
        in_view_s=round(sum(track.in_view_s for track in tracks), 3),
        findings_sha256=digest.hexdigest(),
    )


def _as_bytes(frame: FrameFindings) -> bytes:
    """All that was found in a frame and nothing of how long it took."""
    found = [(one.track, one.score, one.bbox, one.area_px) for one in frame.detections]
    contours = [one.contour.astype(np.int32).tobytes() for one in frame.detections]
    return repr((frame.index, round(frame.time_s, 6), frame.width, frame.height, found)).encode() + b"".join(contours)
