"""What a person decided about findings, and wrote down."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """What a person says of a finding; ``value`` is its word in the review file."""

    UNSEEN = "unseen"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict with when it was given (local time, ISO 8601 with its offset), and by whom (empty: not said)."""

    verdict: Verdict = Verdict.UNSEEN
    decided: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class ReviewNote:
    """A note at ``at_s`` seconds of the video; ``number`` counts from 1 and is given once.

    ``track`` is the finding that it is about, None for the place in the video alone. ``written`` is local time, ISO
    8601 with its offset; ``by`` is who wrote it (empty: not said).
    """

    number: int
    at_s: float
    text: str
    track: int | None = None
    written: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class ReviewPicture:
    """A picture that a person put into the report: a ``jpeg`` of the frame at ``at_s`` seconds of the video.

    ``name`` and ``caption`` stand below it. ``at_s`` and ``name`` say which picture it is: there is one of each.
    ``written`` is local time, ISO 8601 with its offset; ``by`` is who put it there (empty: not said).
    """

    at_s: float
    name: str
    caption: str
    jpeg: bytes
    written: str = ""
    by: str = ""

    @property
    def key(self) -> tuple[float, str]:
        """Which picture it is."""
        return self.at_s, self.name
