"""A rendered procedure as a source: polyps with known tracks, lost, covered, blurred and seen again.

The same arguments give the same bytes on one machine, whatever the order in which frames are asked for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from polyplive.errors import ConfigError
from polyplive.sources.colon import camera
from polyplive.sources.colon.polyps import Kind
from polyplive.sources.colon.room import Room
from polyplive.sources.colon.screenplay import write_script
from polyplive.sources.colon.script import Condition, Disturbance
from polyplive.sources.colon.spoiling import ORDER, Moment, spoil
from polyplive.sources.rendered import RenderedFrames
from polyplive.sources.synthetic import Labels, RenderedColon, with_noise
from polyplive.types import Image, Mask

_VIEWS = 12.5  # places a second of plain flight at which the view is rendered: standing still takes one
_ZOOM = 1.06  # what a hand's movement brings in from the side has been rendered as well
_SHIFT = 0.012  # of the shorter side
_ROLL = 2.5  # degrees


@dataclass(frozen=True, slots=True, eq=False)
class SeenPolyp:
    """A polyp in the view of one frame.

    ``polyp`` is its number from 1, the same through the whole procedure. ``mask`` (bool [H, W]) are the pixels that
    show it, ``bbox`` (x, y, width, height) their box, ``area_px`` their count. ``clear_px`` is how many would show it
    without disturbances, and ``clear_bbox`` their box. Where it is wholly covered ``area_px`` is 0 and ``bbox`` empty.
    What a fold hides counts in neither.
    """

    polyp: int
    mask: Mask
    bbox: tuple[int, int, int, int]
    area_px: int
    clear_bbox: tuple[int, int, int, int]
    clear_px: int

    @property
    def visibility(self) -> float:
        """The share of its pixels that nothing covers, 0 to 1."""
        return self.area_px / self.clear_px


@dataclass(frozen=True, slots=True, eq=False)
class FrameTruth:
    """What is true of one frame: the conditions that spoil it, and the polyps in view, covered ones too."""

    index: int
    pts_s: float
    conditions: tuple[Condition, ...]
    polyps: tuple[SeenPolyp, ...]


class RenderedProcedure(RenderedFrames):
    """A whole procedure of ``seconds``, with ``polyps`` numbered from 1; ``width`` and ``height`` are in pixels.

    It begins and ends outside of the body. On its way in and out the tip goes ahead and back and stands still. So
    polyps are seen again, and two are in view together where there are three or more. ``script`` says what happens
    when. Another ``fps`` plays the same script. One thread. Raises ``ConfigError`` for arguments out of range.
    """

    def __init__(
        self,
        seconds: float = 600.0,
        polyps: int = 12,
        seed: int = 0,
        width: int = 400,
        height: int = 320,
        fps: float = 12.5,
    ) -> None:
        if not 1 <= fps <= 120 or not 0 < seconds <= 4 * 3600:
            raise ConfigError(
                f"{seconds:g} s at {fps:g} a second", "Use at most 4 hours, and 1 to 120 frames a second."
            )
        self.script = write_script(seconds, polyps, seed)
        super().__init__(f"rendered procedure, seed {seed}", (width, height), fps, round(seconds * fps))
        self._colon = lru_cache(maxsize=2)(self._grow)
        self._colon(0)  # a size that cannot be rendered is said now
        self._room = Room(width, height, seed)
        self._octagon = camera.octagon(width, height)
        self._phase = np.random.default_rng([seed, 31]).uniform(0, 2 * math.pi, 8)
        self._view = lru_cache(maxsize=160)(self._look)  # the tip comes back to where it just was
        self._aim = lru_cache(maxsize=16)(self._target)

    @property
    def kinds(self) -> dict[int, Kind]:
        """The kind of each polyp, by its number."""
        return {
            polyp: placement.kind
            for leg in self.script.legs
            for polyp, placement in zip(leg.polyps, leg.placements, strict=True)
        }

    def render(self, index: int) -> tuple[Image, FrameTruth]:
        """Frame ``index`` (uint8 [H, W, 3], BGR) and what is true of it. Raises ``ConfigError`` for one not there."""
        if not 0 <= index < self._frames:
            raise ConfigError(f"no frame {index}", f"This rendered procedure has frames 0 to {self._frames - 1}.")
        seconds = index / self._fps
        image, clear = self._clear(seconds)
        seen = clear.copy()
        active = sorted(self.script.disturbances_at(seconds), key=lambda pair: ORDER.index(pair[1].condition))
        for number, disturbance in active:
            image, covered = spoil(image, disturbance.condition, self._moment(number, disturbance, seconds))
            if covered is not None:
                seen[covered] = 0
        noise = np.random.default_rng([self.script.seed, 32, index])
        outside: list[Condition] = ["outside the body"] if self.script.where(seconds)[0] is None else []
        conditions = outside + [disturbance.condition for _, disturbance in active]
        truth = FrameTruth(index, seconds, tuple(dict.fromkeys(conditions)), _polyps(clear, seen))
        return with_noise(image, noise, self._octagon), truth

    def _clear(self, seconds: float) -> tuple[Image, Labels]:
        """The picture and the polyps' numbers at that time, as they are without disturbances."""
        leg, place = self.script.where(seconds)
        width, height = self._size
        if leg is None:
            left = self._frames / self._fps - seconds
            return self._room.look(seconds, left), np.zeros((height, width), np.uint8)
        image, labels = self._view(leg, round(place * _VIEWS))
        moved = self._hand(seconds)
        image = cv2.warpAffine(image, moved, self._size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        labels = cv2.warpAffine(labels, moved, self._size, flags=cv2.INTER_NEAREST)
        return np.asarray(image, np.uint8), np.where(self._octagon, labels, np.uint8(0))

    def _hand(self, seconds: float) -> NDArray[np.float64]:
        """The small movement [2, 3] that goes on while the tip stands still."""
        rates = np.array([0.9, 1.3, 2.9, 0.7, 1.1, 2.3, 0.5, 1.7])
        waves = np.sin(rates * seconds + self._phase)
        width, height = self._size
        moved = cv2.getRotationMatrix2D((width / 2, height / 2), _ROLL * (0.7 * waves[6] + 0.3 * waves[7]), _ZOOM)
        moved[:, 2] += _SHIFT * min(width, height) * (waves[[0, 3]] + 0.6 * waves[[1, 4]] + 0.25 * waves[[2, 5]])
        return np.asarray(moved, np.float64)

    def _moment(self, number: int, disturbance: Disturbance, seconds: float) -> Moment:
        gone = seconds - disturbance.start_s
        part = gone / (disturbance.end_s - disturbance.start_s)
        seed = (self.script.seed, 33, number)
        return Moment(disturbance.strength_at(seconds), gone, part, self._aim(disturbance), seed)

    def _target(self, disturbance: Disturbance) -> tuple[float, float, float]:
        """Where the disturbance's polyp is half-way through it: x, y and radius in pixels."""
        if disturbance.polyp > 0:
            _, labels = self._clear((disturbance.start_s + disturbance.end_s) / 2)
            x, y, wide, tall = _box(labels == disturbance.polyp)
            if wide > 0:
                return x + wide / 2, y + tall / 2, math.hypot(wide, tall) / 2
        width, height = self._size
        return width / 2, height / 2, 0.25 * min(width, height)

    def _grow(self, leg: int) -> RenderedColon:
        """The colon of a leg."""
        part = self.script.legs[leg]
        width, height = self._size
        views = max(1, math.floor(part.seconds * _VIEWS))
        return RenderedColon(width, height, part.seed, part.placements, views, _VIEWS, border=False)

    def _look(self, leg: int, view: int) -> tuple[Image, Labels]:
        """What the tip sees in a leg at place number ``view``, with the procedure's own numbers of polyps."""
        image, labels = self._colon(leg).render_at(view / _VIEWS)
        numbers = np.array([0, *self.script.legs[leg].polyps], np.uint8)
        return image, numbers[labels]


def _polyps(clear: Labels, seen: Labels) -> tuple[SeenPolyp, ...]:
    polyps = []
    for number in (int(value) for value in np.unique(clear) if value):
        whole, mask = clear == number, seen == number
        area, clear_px = int(mask.sum()), int(whole.sum())
        polyps.append(SeenPolyp(number, mask, _box(mask), area, _box(whole), clear_px))
    return tuple(polyps)


def _box(mask: Mask) -> tuple[int, int, int, int]:
    x, y, width, height = (int(value) for value in cv2.boundingRect(mask.astype(np.uint8)))
    return x, y, width, height
