"""What is true of whole procedures and what was found in them, frame by frame, as boxes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TypeAlias

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, width and height in pixels."""

_FRAME = re.compile(r"(.+)_(\d{1,12})")


@dataclass(frozen=True, slots=True)
class FrameKey:
    """A frame by its procedure's name and its number in it: ``procedure_000120.png`` is ("procedure", 120)."""

    procedure: str
    index: int

    @staticmethod
    def of(name: str) -> FrameKey | None:
        """The frame that a picture's name tells; None where it does not end in an underscore and a number."""
        stem = re.split(r"[/\\]", name)[-1].rpartition(".")[0] or name
        found = _FRAME.fullmatch(stem)
        return FrameKey(found[1], int(found[2])) if found else None

    @property
    def text(self) -> str:
        """The same frame has the same text, however many zeros its number began with."""
        return f"{self.procedure}_{self.index}"


@dataclass(frozen=True, slots=True)
class SeenLesion:
    """A lesion in one frame: its name, the same through the whole procedure, and its box."""

    name: str
    box: Box


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding in one frame: its score in [0, 1], and its box."""

    score: float
    box: Box


@dataclass(slots=True)
class Truth:
    """What is true: every frame of every procedure, in order, with the lesions that it shows.

    ``fps`` is the rate of frames, None where nothing says it.
    """

    frames: dict[FrameKey, list[SeenLesion]] = field(default_factory=dict)
    fps: float | None = None

    @property
    def procedures(self) -> tuple[str, ...]:
        """Their names, in order."""
        return tuple(sorted({key.procedure for key in self.frames}))


@dataclass(slots=True)
class Found:
    """What was found, by frame. ``annotation_ms`` are delays of results in milliseconds, where events say them.

    ``fps``, ``model`` and ``model_sha256`` are the events'; unknown of COCO results. ``analysed`` counts the frames
    that the model saw, None where nothing says it.
    """

    frames: dict[FrameKey, list[Finding]] = field(default_factory=dict)
    annotation_ms: list[float] = field(default_factory=list)
    fps: float | None = None
    model: str = ""
    model_sha256: str = ""
    analysed: int | None = None


def overlap(first: Box, second: Box) -> float:
    """The intersection of two boxes by their union, in [0, 1]; 0 of a box without area."""
    across = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
    down = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
    if across <= 0 or down <= 0:
        return 0.0
    shared = across * down
    return shared / (first[2] * first[3] + second[2] * second[3] - shared)
