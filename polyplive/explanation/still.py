"""A still explanation: the maps of one frame side by side, and the curves of each finding, point by point."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from polyplive.explanation.controls import MASK, PROBABILITY, controls
from polyplive.explanation.curves import STEPS, area, deletion, insertion
from polyplive.explanation.map_source import own_name
from polyplive.explanation.scoring import RegionScore
from polyplive.pipeline.pipeline import full_scale

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from numpy.typing import NDArray

    from polyplive.backends.base import Engine
    from polyplive.backends.maps import Maps
    from polyplive.explanation.curves import CurvePoint
    from polyplive.explanation.map_source import MapSource
    from polyplive.types import FloatMap, Mask

MOST_FINDINGS = 3
"""So many findings are explained, the largest first: curves of one take seconds."""

DELETION, INSERTION = "deletion", "insertion"
KINDS = (DELETION, INSERTION)


@dataclass(frozen=True, slots=True, eq=False)
class StillRequest:
    """What is to be explained: ``tensor`` uint8 [1, H, W, 3] RGB, as the model got the frame.

    ``targets`` are the findings' regions, bool [H, W] each. Where there is none, the whole answer is explained, without
    curves. ``others`` are findings that are not explained. ``threshold`` and ``min_area`` are the pipeline's.
    """

    tensor: NDArray[np.uint8]
    targets: tuple[Mask, ...]
    threshold: float
    min_area: float
    others: tuple[Mask, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ShownMap:
    """A map float32 [h, w], at least 0, that is shown in full colour at ``full_scale``.

    ``is_fixed``: that is a constant of the model, where the map grows with the mask times the explained share of the
    picture. Otherwise it is the map's own highest value, so that a weak map looks as strong as another. ``is_of_all``:
    it explains other findings as well.
    """

    name: str
    values: FloatMap
    full_scale: float
    is_fixed: bool
    is_control: bool = False
    is_of_all: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether it marks nothing."""
        return not bool((np.nan_to_num(self.values) > 0).any())


@dataclass(frozen=True, slots=True, eq=False)
class MapsCame:
    """News: the maps of finding number ``place``, counted from 0; of the whole answer where there are no findings."""

    place: int
    maps: tuple[ShownMap, ...]


@dataclass(frozen=True, slots=True)
class CurveGrew:
    """News: one ``point`` more of the ``kind`` of curve of a finding's map."""

    place: int
    name: str
    kind: str
    point: CurvePoint


News: TypeAlias = MapsCame | CurveGrew


@dataclass(slots=True)
class ExplainedFinding:
    """The ``maps`` of a finding, controls last, and the ``curves`` so far, by map and kind."""

    maps: tuple[ShownMap, ...]
    curves: dict[tuple[str, str], list[CurvePoint]] = field(default_factory=dict)

    def area(self, name: str, kind: str) -> float | None:
        """The area below a curve; None until it is whole."""
        points = self.curves.get((name, kind), [])
        return area(points) if len(points) == STEPS + 1 else None


@dataclass(slots=True)
class Still:
    """What is known so far. ``expected`` is how many findings are explained."""

    expected: int
    findings: list[ExplainedFinding] = field(default_factory=list)
    done: int = 0

    def add(self, news: News) -> None:
        """Take news, in the order in which they come."""
        if isinstance(news, MapsCame):
            self.findings.append(ExplainedFinding(news.maps))
        else:
            self.findings[news.place].curves.setdefault((news.name, news.kind), []).append(news.point)
            self.done += 1

    @property
    def total(self) -> int | None:
        """How many points all curves have together; None until all maps are there."""
        if len(self.findings) < max(self.expected, 1):
            return None
        maps = sum(not one.is_empty for found in self.findings for one in found.maps)
        return maps * len(KINDS) * (STEPS + 1) if self.expected else 0

    @property
    def has_no_map(self) -> bool:
        """Whether every map but the controls is empty, in every finding."""
        return all(one.is_empty for found in self.findings for one in found.maps if not one.is_control)


def explain_still(request: StillRequest, source: MapSource, engine: Engine) -> Generator[News]:
    """All maps first, then the curves, point by point. One thread, that of ``source`` and ``engine``.

    ``engine`` is the deployed model's: curves ask it alone. Raises ``EngineError``.
    """
    found = []
    for place, target in enumerate(request.targets or (None,)):
        maps = _shown(request, source, target)
        found.append(maps)
        yield MapsCame(place, maps)
    for place, target in enumerate(request.targets):
        yield from _curves(request, engine, place, target, found[place])


def _curves(
    request: StillRequest, engine: Engine, place: int, target: Mask, maps: tuple[ShownMap, ...]
) -> Iterator[CurveGrew]:
    score = RegionScore(engine, target)
    for one, (kind, curve) in itertools.product(maps, ((DELETION, deletion), (INSERTION, insertion))):
        if not one.is_empty:  # what marks nothing has no order
            for point in curve(request.tensor[0], one.values, score):
                yield CurveGrew(place, one.name, kind, point)


def _shown(request: StillRequest, source: MapSource, target: Mask | None) -> tuple[ShownMap, ...]:
    made = source.explain(request.tensor, target)
    own = own_name(source.spec)
    scale = _own_scale(request, source, made, target)
    is_of_all = not source.follows_target and len(request.targets) + len(request.others) > 1
    shown = []
    for name, values in made.maps.items():
        is_fixed = name == own
        highest = float(np.nan_to_num(values).max(initial=0.0))
        shown.append(ShownMap(name, values, scale if is_fixed else highest or 1.0, is_fixed, is_of_all=is_of_all))
    return (*shown, *_controls(request, made.probability, target))


def _own_scale(request: StillRequest, source: MapSource, made: Maps, target: Mask | None) -> float:
    """Of the map that the model's constant is for; where it grows with what is explained, so does its scale."""
    explained = made.probability
    if target is not None and source.follows_target:
        explained = target.astype(np.float32)
    return full_scale(source.spec.manifest, explained, request.min_area)


def _controls(request: StillRequest, probability: FloatMap, target: Mask | None) -> tuple[ShownMap, ...]:
    """Of one finding, mask and probability leave out the other ones: those change nothing of its score."""
    made = controls(probability, request.threshold)
    if target is not None:
        others = np.logical_or.reduce([one & ~target for one in (*request.targets, *request.others)])
        made |= {MASK: target.astype(np.float32), PROBABILITY: np.where(others, np.float32(0), probability)}
    return tuple(ShownMap(name, values, 1.0, is_fixed=True, is_control=True) for name, values in made.items())
