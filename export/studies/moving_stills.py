"""Recordings made of single pictures: to choose how findings are withheld and kept where no recording has masks.

    python -m polyplive.export.studies.moving_stills FOLDER... [--model M] [--min-frames 1 3 4]
        [--release-probability 0.25 1] [--confirm-probability 0.9 0.95]

Every picture becomes a recording of 40 frames. The scope drifts, turns, and comes nearer or goes away. For some frames
it moves fast, its light is wrong, or its lines comb. Each pair of settings follows the same probabilities. It is no
procedure: nothing turns up from behind a fold, and no two pictures follow each other.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from polyplive.backends.factory import open_engine
from polyplive.config import PipelineSettings
from polyplive.errors import PolypliveError
from polyplive.evaluation.disturbances import compressed, generator_for, streaked
from polyplive.evaluation.image_folder import find_pairs, read_pair
from polyplive.evaluation.pictures.tables import share_of
from polyplive.evaluation.recordings.figures import FrameMark, shares
from polyplive.evaluation.recordings.run import LabelledFrame, mark
from polyplive.manifest import FAST
from polyplive.pipeline.candidates import find_candidates
from polyplive.pipeline.contours import Region, contours_at
from polyplive.pipeline.pipeline import Pipeline
from polyplive.pipeline.postprocess import Postprocessor
from polyplive.types import Frame, Image, Mask, Prediction

from ..data.augment import background_crop

SIDE = 352
FRAMES = 40


@dataclass(frozen=True, slots=True)
class Motion:
    """How the scope moves over one picture: everything between two ends, with a drift and a tremor on top.

    ``zoom`` and ``turn`` (degrees) are those of the first and the last frame; ``drift`` (shares of the side) and
    ``pace`` (turns a frame) are of a sine each way.
    """

    zoom: tuple[float, float]
    turn: tuple[float, float]
    drift: tuple[float, float]
    pace: tuple[float, float]
    phase: tuple[float, float]
    mirrored: bool

    @staticmethod
    def draw(rng: np.random.Generator) -> Motion:
        """A new one."""

        def two(low: float, high: float) -> tuple[float, float]:
            first, second = rng.uniform(low, high, 2)
            return float(first), float(second)

        return Motion(
            two(1.02, 1.5), two(-20, 20), two(0.02, 0.09), two(0.03, 0.1), two(0, 2 * np.pi), bool(rng.random() < 0.5)
        )

    def matrix(self, shape: tuple[int, ...], number: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """From the pixels of a picture of ``shape`` to those of frame ``number``; float64 [2, 3]."""
        done = number / (FRAMES - 1)
        zoom, turn = (first + (last - first) * done for first, last in (self.zoom, self.turn))
        height, width = shape[:2]
        around = np.vstack([cv2.getRotationMatrix2D((width / 2, height / 2), turn, zoom), [0, 0, 1]])
        place = np.diag([SIDE / width, SIDE / height, 1.0])
        if self.mirrored:
            place = np.array([[-1.0, 0, SIDE], [0, 1, 0], [0, 0, 1]]) @ place
        for axis in range(2):
            swing = np.sin(self.phase[axis] + 2 * np.pi * self.pace[axis] * number)
            place[axis, 2] += SIDE * self.drift[axis] * swing + rng.normal(0, 1.2)
        whole: NDArray[np.float64] = (place @ around)[:2]
        return whole


@dataclass(frozen=True, slots=True)
class Disturbances:
    """The disturbances of one recording: fast motion and wrong light in some frames, combing and JPEG in all."""

    blurred: range
    streak_px: int
    direction: float
    unlit: range
    gain: float
    combs: bool
    quality: int

    @staticmethod
    def draw(rng: np.random.Generator) -> Disturbances:
        """New ones."""

        def some(least: int, most: int) -> range:
            first = int(rng.integers(0, FRAMES))
            return range(first, first + int(rng.integers(least, most)))

        return Disturbances(
            blurred=some(3, 9),
            streak_px=int(rng.integers(8, 30)),
            direction=float(rng.uniform(0, 180)),
            unlit=some(2, 8),
            gain=float(np.exp(rng.uniform(np.log(0.35), np.log(2.2)))),
            combs=bool(rng.random() < 0.3),
            quality=int(rng.integers(30, 80)),
        )

    def apply(self, image: Image, before: Image | None, number: int, rng: np.random.Generator) -> Image:
        """Frame ``number`` as it is recorded; ``before`` is what the scope saw a frame earlier."""
        if self.combs and before is not None:
            image = image.copy()
            image[1::2] = before[1::2]
        if number in self.blurred:
            share = np.sin(np.pi * (self.blurred.index(number) + 0.5) / len(self.blurred))
            image = streaked(image, max(3, int(self.streak_px * share)), self.direction)
        if number in self.unlit:
            image = np.asarray(cv2.convertScaleAbs(image, alpha=self.gain), np.uint8)
        noisy = np.clip(image + rng.normal(0, 3, image.shape), 0, 255).astype(np.uint8)
        return compressed(noisy, self.quality)


def moving_still(name: str, image: Image, truth: Mask, first: int = 0) -> Iterator[LabelledFrame]:
    """``FRAMES`` frames of ``SIDE`` x ``SIDE`` over one picture, from number ``first``; ``name`` says how it moves."""
    rng = generator_for(name)
    motion, troubles = Motion.draw(rng), Disturbances.draw(rng)
    before: Image | None = None
    for number in range(FRAMES):
        matrix = motion.matrix(image.shape, number, rng)
        seen = cv2.warpAffine(image, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        where = cv2.warpAffine(truth.astype(np.uint8), matrix, (SIDE, SIDE), flags=cv2.INTER_NEAREST).astype(bool)
        view = np.asarray(seen, np.uint8)
        recorded = troubles.apply(view, before, number, rng)
        yield LabelledFrame(Frame(recorded, first + number, None, 0.0), bool(where.any()), where)
        before = view


def recordings(folders: Sequence[Path]) -> Iterator[tuple[str, Image, Mask]]:
    """Name, picture and truth of each recording to make: every picture, and a part without a polyp of those with one.

    Raises ``DataError``.
    """
    for folder in folders:
        for pair in find_pairs(folder).pairs:
            image, truth = read_pair(pair)
            yield pair.stem, image, truth
            if truth.any():
                part, empty = background_crop(image, truth.astype(np.uint8), generator_for(pair.stem))
                if not empty.any():
                    yield f"{pair.stem}, a part", part, empty.astype(bool)


class FollowedSetting:
    """One setting for withholding and keeping findings, and what it showed."""

    def __init__(self, min_frames: int, release: float, confirm: float = 0.0) -> None:
        self.settings = PipelineSettings(
            min_frames=min_frames, release_probability=release, confirm_probability=confirm
        )
        self.marks: list[FrameMark] = []
        self.begin()

    def begin(self) -> None:
        """A new recording."""
        self._postprocessor = Postprocessor(self.settings)

    def follow(self, labelled: LabelledFrame, regions: Sequence[Region], found: Prediction) -> None:
        """The next frame, in which ``found`` has the ``regions``."""
        levels = self._postprocessor.levels(found.threshold)
        candidates = find_candidates(found.probability, found.roi, levels, regions)
        self.marks.append(mark(labelled, self._postprocessor.follow(candidates)))


def measure(folders: Sequence[Path], pipeline: Pipeline, ways: Sequence[FollowedSetting]) -> None:
    """Let all ``ways`` follow every recording of ``folders``. Raises ``DataError``, ``EngineError``."""
    for number, (name, image, truth) in enumerate(recordings(folders)):
        pipeline.reset()
        for way in ways:
            way.begin()
        for labelled in moving_still(name, image, truth, first=number * 10 * FRAMES):
            found = pipeline.process(labelled.frame, cam=False)
            regions = contours_at(found.probability, found.roi, found.threshold, pipeline.min_area)
            for way in ways:
                way.follow(labelled, regions, found)


def main(arguments: list[str] | None = None) -> int:
    """The command above: a line on stdout for each pair of settings."""
    parser = argparse.ArgumentParser(prog="moving_stills", description="Choose how findings are withheld and kept.")
    parser.add_argument("folders", type=Path, nargs="+", help="images/ and masks/; an empty mask is no polyp")
    parser.add_argument("--model", default=FAST)
    parser.add_argument("--min-frames", type=int, nargs="+", default=[1, 3])
    parser.add_argument("--release-probability", type=float, nargs="+", default=[0.25, 1.0])
    parser.add_argument("--confirm-probability", type=float, nargs="+", help="default: the model's own")
    given = parser.parse_args(arguments)
    try:
        engine = open_engine(given.model, notify=lambda line: print(line, file=sys.stderr))
        levels = given.confirm_probability or [engine.spec.manifest.confirm_probability]
        ways = [FollowedSetting(*way) for way in itertools.product(given.min_frames, given.release_probability, levels)]
        with Pipeline(engine, PipelineSettings(roi="none")) as pipeline:
            measure(given.folders, pipeline, ways)
    except PolypliveError as error:
        print(f"moving_stills: {error}", file=sys.stderr)
        return 1
    for way in ways:
        found = shares(way.marks)
        at = way.settings
        said = f"min-frames {at.min_frames}, release {at.release_probability:g}, confirm {at.confirm_probability:g}"
        print(f"{said}: " + ", ".join(f"{name} {share_of(share)}" for name, share in found.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
