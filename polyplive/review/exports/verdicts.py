"""What a review file decided of the findings that are exported."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from polyplive.review.merging import match_findings
from polyplive.review.review_content import read_content
from polyplive.review.review_file import review_path
from polyplive.system.file_names import file_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from polyplive.review.decisions import Verdict
    from polyplive.review.exports.linked import Verdicts
    from polyplive.review.tracks import Track


def review_beside(events: Path, source: str) -> Path | None:
    """The review of the video ``source`` in the folder of its ``events``; None where there is none."""
    path = review_path(events.with_name(file_name(source)))
    return path if path.is_file() else None


def verdicts_of(review: Path, events: Path) -> Verdicts:
    """The verdicts in a review file for the findings of ``events``.

    Where the review is of these very events, findings have the same numbers. Else they are known again by their time
    and place. Raises ``OSError`` and ``DataError``.
    """
    content = read_content(review)
    with events.open("rb") as file:
        is_same = (
            content.analysis is not None
            and content.analysis.events_sha256 == hashlib.file_digest(file, "sha256").hexdigest()
        )

    def verdicts(tracks: Sequence[Track]) -> Mapping[int, Verdict]:
        known = {one.number: one for one in content.findings}
        if is_same:
            return {number: finding.verdict for number, finding in known.items()}
        apart = {number: finding.verdict for number, finding in known.items()}
        return {track: known[number].verdict for number, track in match_findings(known, tracks, apart=apart).items()}

    return verdicts
