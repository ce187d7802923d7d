"""Writes the script of a rendered procedure: every polyp has its scene, with quiet way between the scenes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from polyplive.errors import ConfigError
from polyplive.sources.colon.polyps import Placement
from polyplive.sources.colon.script import Condition, Disturbance, Leg, Script, Stretch

MOST_POLYPS = 60
_FIRST_SEED = 1_000_000  # training may use seeds 0 to 999 alone
_MOST_LEGS = 64
_LEG_S = 75.0
_BEFORE, _AFTER = (
    4.5,
    1.0,
)  # a polyp is in view from about this long before the plain flight passes it to this long after
_CLOSE, _BOTH = 1.2, 1.9  # it fills the view best this long before; two are best seen together a little earlier
_CRUISE_PACE, _SCENE_PACE = 0.8, 0.7
_LEAST_CRUISE_S = 1.0
_CUT_S = 1.0  # the tip touches the wall from this long before a leg ends to this long after the next begins
_ON_THE_WAY: tuple[Condition, ...] = (
    "water",
    "bubbles",
    "motion blur",
    "defocus",
    "over-exposed",
    "under-exposed",
    "red-out",
    "stool",
)


@dataclass(frozen=True, slots=True)
class _Scene:
    """What happens at a polyp (or two): ``returns`` looks at it, loses it and comes back; else it stands still."""

    polyps: tuple[int, ...]
    returns: bool
    condition: Condition | None
    strength: float


_SCENES: tuple[tuple[bool, Condition | None, float], ...] = (
    (True, None, 0.0),
    (False, "defocus", 1.0),
    (False, "stool", 1.0),
    (False, "instrument", 1.0),
    (True, "motion blur", 1.0),
    (False, "red-out", 1.0),
    (False, "water", 1.0),
    (False, "stool", 0.55),
    (False, "over-exposed", 1.0),
    (False, "bubbles", 1.0),
    (True, "under-exposed", 0.8),
    (False, None, 0.0),
)
_PAIR = 1  # this scene has two polyps where there are two


@dataclass(slots=True)
class _Sheet:
    """The script while it is written."""

    clock: float = 0.0
    place: float = 0.0
    stretches: list[Stretch] = field(default_factory=list)
    disturbances: list[Disturbance] = field(default_factory=list)

    def go(self, leg: int, place: float, pace: float) -> None:
        """Move to ``place`` at ``pace`` times the plain flight's speed."""
        self._add(leg, abs(place - self.place) / pace, place)

    def hold(self, leg: int, seconds: float) -> None:
        """Stand still."""
        self._add(leg, seconds, self.place)

    def outside(self, seconds: float) -> None:
        """Be outside of the body."""
        self._add(None, seconds, 0.0)

    def cut(self, leg: int, place: float) -> None:
        """Go on in another leg, or outside (-1), behind a touch of the wall."""
        self.disturb("red-out", -_CUT_S, 2 * _CUT_S, 1.0)
        self.place = place if leg >= 0 else 0.0

    def disturb(self, condition: Condition, after: float, seconds: float, strength: float, polyp: int = 0) -> None:
        """Spoil the view from ``after`` seconds from now on."""
        start = self.clock + after
        self.disturbances.append(Disturbance(condition, start, start + seconds, strength, polyp))

    def _add(self, leg: int | None, seconds: float, place: float) -> None:
        if seconds > 1e-9:
            self.stretches.append(Stretch(self.clock, self.clock + seconds, leg, self.place, place))
            self.clock += seconds
        self.place = place


def write_script(seconds: float, polyps: int, seed: int) -> Script:
    """A procedure of that length: outside, in, past every polyp, and out.

    The first polyp is lost from view and seen again; the second and third stand together. Later ones are covered,
    blurred, seen again and more, in turn. The first legs go in, the others come back out, with the view ahead as
    always. Raises ``ConfigError`` for a time that is too short for its polyps, or arguments out of range.
    """
    if not 1 <= polyps <= MOST_POLYPS:
        raise ConfigError(f"{polyps} polyps in a procedure", f"Use 1 to {MOST_POLYPS}.")
    if not 0 <= seed < 2**20:
        raise ConfigError(f"seed {seed}", f"Use 0 to {2**20 - 1} for a procedure.")
    legs = _share(_scenes(polyps), min(max(math.ceil(seconds / _LEG_S), 1), _MOST_LEGS))
    cruises = sum(len(scenes) + 1 for scenes in legs)
    busy = _written(seconds, legs, 0.0, seed).seconds
    cruise = (seconds - busy) / cruises
    if not cruise >= _LEAST_CRUISE_S:
        least = math.ceil(busy + cruises * _LEAST_CRUISE_S)
        raise ConfigError(
            f"{seconds:g} s are too short for {polyps} polyps", f"Use at least {least} s, or fewer polyps."
        )
    return _written(seconds, legs, cruise, seed)


def _scenes(polyps: int) -> list[_Scene]:
    scenes: list[_Scene] = []
    following = 1
    while following <= polyps:
        returns, condition, strength = _SCENES[len(scenes) % len(_SCENES)]
        count = 2 if len(scenes) % len(_SCENES) == _PAIR and following < polyps else 1
        scenes.append(_Scene(tuple(range(following, following + count)), returns, condition, strength))
        following += count
    return scenes


def _share(scenes: list[_Scene], legs: int) -> list[list[_Scene]]:
    edges = [round(number * len(scenes) / legs) for number in range(legs + 1)]
    return [scenes[first:last] for first, last in pairwise(edges)]


def _written(seconds: float, shared: list[list[_Scene]], cruise: float, seed: int) -> Script:
    """The script with ``cruise`` seconds of quiet way before and after every scene."""
    sheet = _Sheet()
    outside = min(max(0.02 * seconds, 3.5), 8.0)
    sheet.outside(outside)
    legs = []
    for number, scenes in enumerate(shared):
        rng = np.random.default_rng([seed, 20, number])
        leg, passes = _grown(rng, _FIRST_SEED + seed * _MOST_LEGS + number, scenes, _way(cruise))
        legs.append(leg)
        ahead = number < math.ceil(len(shared) / 3)
        sheet.cut(number, 0.5 if ahead else leg.seconds - 0.5)
        order = list(zip(scenes, passes, strict=True))
        for scene, passed in order if ahead else order[::-1]:
            first, last = (passed - _BEFORE, passed + _AFTER)[:: 1 if ahead else -1]
            _cruise(sheet, rng, number, first, cruise)
            _play(sheet, number, scene, passed, last, ahead)
        _cruise(sheet, rng, number, leg.seconds - 0.5 if ahead else 0.5, cruise)
    sheet.cut(-1, 0.0)
    sheet.outside(outside)
    return Script(seed, sheet.clock, tuple(legs), tuple(sheet.stretches), tuple(sheet.disturbances))


def _pause(cruise: float) -> float:
    """How long the tip stands still on a quiet way that takes ``cruise`` seconds."""
    return 0.15 * cruise if cruise > 8 else 0.0


def _way(cruise: float) -> float:
    return (cruise - _pause(cruise)) * _CRUISE_PACE


def _grown(rng: np.random.Generator, seed: int, scenes: list[_Scene], way: float) -> tuple[Leg, list[float]]:
    """The leg that has room for these scenes, and the places at which each is passed."""
    place, passes = 0.5, []
    for _ in scenes:
        place += way + _BEFORE
        passes.append(place)
        place += _AFTER
    seconds = place + way + 0.5
    placements: list[Placement] = []
    for scene, passed in zip(scenes, passes, strict=True):
        angle = float(rng.uniform(0, 360))
        for turn in range(len(scene.polyps)):
            stalked = rng.random() < 0.4
            size = float(rng.uniform(0.17, 0.22) if stalked else rng.uniform(0.2, 0.3))
            at = (passed + 0.15 * turn) / seconds
            around = (angle + 150 * turn) % 360
            placements.append(Placement(at, around, "pedunculated" if stalked else "sessile", size))
    polyps = tuple(polyp for scene in scenes for polyp in scene.polyps)
    return Leg(seed, seconds, tuple(placements), polyps), passes


def _cruise(sheet: _Sheet, rng: np.random.Generator, leg: int, place: float, seconds: float) -> None:
    """Quiet way to ``place``, a stop on it where it is long, and now and then a spoilt view."""
    for number in range(int(seconds / 10)):
        condition = _ON_THE_WAY[int(rng.integers(len(_ON_THE_WAY)))]
        after = 10 * number + float(rng.uniform(0, 5))
        sheet.disturb(condition, after, float(rng.uniform(1.5, 4)), float(rng.uniform(0.6, 1)))
    halfway = (sheet.place + place) / 2
    sheet.go(leg, halfway, _CRUISE_PACE)
    sheet.hold(leg, _pause(seconds))
    sheet.go(leg, place, _CRUISE_PACE)


def _play(sheet: _Sheet, leg: int, scene: _Scene, passed: float, last: float, ahead: bool) -> None:
    """One scene, from the near end of a polyp's view to ``last``, its far end."""
    polyp = scene.polyps[0]
    if not scene.returns:
        sheet.go(leg, passed - (_CLOSE if len(scene.polyps) == 1 else _BOTH), _SCENE_PACE)
        if scene.condition is not None:
            sheet.disturb(scene.condition, 0.8, 3.2, scene.strength, polyp)
        sheet.hold(leg, 4.8)
    else:
        turns = [passed + _AFTER, passed - 2 * _CLOSE]
        for place in turns if ahead else turns[::-1]:
            sheet.go(leg, place, _SCENE_PACE)
            if scene.condition is not None and place < passed:
                sheet.disturb(scene.condition, -1.2, 1.8, scene.strength, polyp)
            sheet.hold(leg, 1.0)
    sheet.go(leg, last, _SCENE_PACE)
