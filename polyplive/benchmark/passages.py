"""The passage of each frame through the stages, put together from the spans of all threads; and what delays it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from polyplive.stats import Share
from polyplive.system.spans import DECODE, DRAW, INFER, ON_SCREEN, POSTPROCESS, PREPROCESS, READ, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WAITING, PRESENT, OTHER = "waiting", "present", "other"
CAUSES = (DECODE, WAITING, PREPROCESS, INFER, POSTPROCESS, DRAW, PRESENT, OTHER)
"""What a frame's time goes to, in order. All but the first add up to its annotation delay, which begins at the read."""


@dataclass(frozen=True, slots=True)
class Passage:
    """The spans of one frame, by stage; of a stage that came twice (a picture painted again) the first."""

    index: int
    spans: dict[str, Span] = field(default_factory=dict)

    @property
    def is_annotated(self) -> bool:
        """Whether its own result came to its end: on screen, or drawn where there is no screen."""
        return INFER in self.spans and self._end in self.spans

    @property
    def has_own_map(self) -> bool:
        """The same with a heatmap of its own."""
        return self.is_annotated and self.spans[INFER].with_map

    def causes_ms(self) -> dict[str, float]:
        """Milliseconds by cause, for a frame that ``is_annotated``.

        ``waiting`` is from the read until the frame's turn came, and for the engine after it was prepared; to be handed
        to the engine's process is part of it. ``present`` is from the drawn overlay until it was on
        screen: there it waits for the next frame. ``other`` lies between the stages.
        """
        spans = self.spans
        worked = [spans[stage] for stage in (PREPROCESS, INFER, POSTPROCESS, DRAW) if stage in spans]
        read_s = spans[READ].began_s if READ in spans else spans[DECODE].ended_s
        end_s = spans[self._end].ended_s
        found = {
            DECODE: spans[DECODE].ms,
            WAITING: (spans[PREPROCESS].began_s - read_s + spans[INFER].began_s - spans[PREPROCESS].ended_s) * 1e3,
            **{span.stage: span.ms for span in worked},
            PRESENT: (end_s - worked[-1].ended_s) * 1e3,
        }
        found[OTHER] = (end_s - read_s) * 1e3 + found[DECODE] - sum(found.values())
        return found

    @property
    def _end(self) -> str:
        return ON_SCREEN if READ in self.spans else DRAW


def passages(found: Iterable[Span], began_s: float = 0.0) -> list[Passage]:
    """One for each frame that was decoded after ``began_s``, in order; a number that comes again is another frame."""
    made: list[Passage] = []
    newest: dict[int, Passage] = {}
    for span in sorted(found, key=lambda span: span.began_s):
        if span.began_s < began_s:
            continue
        if span.stage == DECODE:
            made.append(Passage(span.frame))
            newest[span.frame] = made[-1]
        if span.frame in newest:
            newest[span.frame].spans.setdefault(span.stage, span)
    return made


def own_shares(runs: Iterable[Sequence[Passage]]) -> dict[str, dict[str, Any] | None]:
    """How many frames had an overlay, and a heatmap, that was made of that frame; None without frames.

    Frames that were lost before they were read count too: their numbers are missing. Those after the last result of a
    run do not: theirs was still on its way.
    """
    frames = overlays = maps = 0
    for run in runs:
        annotated = [passage for passage in run if passage.is_annotated]
        if annotated:
            frames += max(run.index(annotated[-1]) + 1, annotated[-1].index - run[0].index + 1)
            overlays += len(annotated)
            maps += sum(passage.has_own_map for passage in annotated)
    counts = {"own_overlays": overlays, "own_maps": maps}
    return {name: Share(count, frames).as_json() if frames else None for name, count in counts.items()}
