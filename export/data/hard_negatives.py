"""Collects hard negatives, pictures in which a model marks a polyp where there is none, as a training folder.

    python -m polyplive.export.data.hard_negatives FOLDER... --out OUT [--model M] [--exclude REGEX]

Looks at every picture without a polyp, and at the parts without one of all others. Writes what the model marks there to
``OUT/images``, with empty masks. Name OUT as a source of the next recipe. (Training on the negatives that the
model before gets wrong: Felzenszwalb et al., "Object detection with discriminatively trained part-based models", PAMI
2010, section 4.4.)
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from polyplive.backends.factory import open_engine
from polyplive.config import PipelineSettings
from polyplive.errors import ConfigError, DataError, PolypliveError
from polyplive.evaluation.disturbances import generator_for
from polyplive.evaluation.image_folder import find_pairs, read_pair
from polyplive.manifest import FAST
from polyplive.pipeline.pipeline import Pipeline
from polyplive.system.atomic_file import write_new
from polyplive.system.private_files import make_private_folder
from polyplive.types import Frame, Image, Mask

from .augment import background_crop

TRIES = 3
"""How many parts of a picture with a polyp are looked at."""

CLEAR = 0.03
"""How far a part keeps from the polyp's outline, in shares of the picture's shorter side: outlines are not exact."""


@dataclass(frozen=True, slots=True, eq=False)
class Negative:
    """A picture without a polyp, or a part without one of a picture with it; ``name`` is unique in its folder."""

    name: str
    image: Image


def negatives(folder: Path, exclude: re.Pattern[str] | None = None) -> Iterator[Negative]:
    """What ``folder`` shows without a polyp, the same each time; stems in which ``exclude`` is found are left out.

    Raises ``DataError``.
    """
    for pair in find_pairs(folder).pairs:
        if exclude is not None and exclude.search(pair.stem):
            continue
        image, truth = read_pair(pair)
        if not truth.any():
            yield Negative(pair.stem, image)
            continue
        rng, near = generator_for(pair.stem), _widened(truth)
        for number in range(TRIES):
            part, polyp = background_crop(image, near, rng)
            if not polyp.any():
                yield Negative(f"{pair.stem}-part{number}", np.ascontiguousarray(part))


def hard_negatives(
    folder: Path, pipeline: Pipeline, exclude: re.Pattern[str] | None = None
) -> Iterator[tuple[Negative, bool]]:
    """Each of ``negatives``, and whether ``pipeline`` marks anything in it. Raises ``DataError``, ``EngineError``."""
    for number, negative in enumerate(negatives(folder, exclude)):
        pipeline.reset()
        yield negative, bool(pipeline.process(Frame(negative.image, number, None, 0.0), cam=False).detections)


def write_hard_negatives(
    folders: Sequence[Path], pipeline: Pipeline, out: Path, exclude: re.Pattern[str] | None = None
) -> list[str]:
    """Write the hard negatives of ``folders`` below ``out``, a new folder. Returns one line on each folder.

    After an error or an interruption the files written so far are removed. Raises ``ConfigError`` where ``out`` holds
    something already, ``DataError``, ``EngineError``.
    """
    parts = out / "images", out / "masks"
    try:
        if out.exists() and any(out.iterdir()):
            raise ConfigError(f"'{out}' is not empty", "Name a new folder with --out.")
        for part in parts:
            make_private_folder(part)
    except OSError as error:
        raise ConfigError(f"Cannot make '{out}': {error.strerror}", "Name another --out.") from None
    try:
        return [_write_folder(number, folder, pipeline, out, exclude) for number, folder in enumerate(folders, 1)]
    except BaseException:
        for part in parts:
            shutil.rmtree(part, ignore_errors=True)
        raise


def _write_folder(number: int, folder: Path, pipeline: Pipeline, out: Path, exclude: re.Pattern[str] | None) -> str:
    """Write those of the ``number``-th folder."""
    seen = marked = 0
    for negative, hard in hard_negatives(folder, pipeline, exclude):
        seen += 1
        if hard:
            marked += 1
            name = f"{number}-{negative.name}.png"
            _write(out / "images" / name, negative.image)
            _write(out / "masks" / name, np.zeros(negative.image.shape[:2], np.uint8))
    return f"{folder}: {marked} of {seen} pictures without a polyp are marked"


def _widened(truth: Mask) -> Image:
    """uint8, not 0 in the polyp and next to it."""
    reach = max(1, round(CLEAR * min(truth.shape)))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return np.asarray(cv2.dilate(truth.astype(np.uint8), disc), np.uint8)


def _write(path: Path, image: Image) -> None:
    try:
        write_new(path, cv2.imencode(".png", image)[1].tobytes())
    except OSError as error:
        raise DataError(f"Cannot write '{path}': {error.strerror}", "Free some space, and name a new --out.") from None


def main(arguments: list[str] | None = None) -> int:
    """The command above: a line on stdout for each folder."""
    parser = argparse.ArgumentParser(
        prog="hard_negatives", description="Write what a model takes for a polyp where there is none."
    )
    parser.add_argument("folders", type=Path, nargs="+", help="images/ and masks/; an empty mask is no polyp")
    parser.add_argument("--out", type=Path, required=True, help="a new folder of hard negatives")
    parser.add_argument("--model", default=FAST)
    parser.add_argument("--threshold", type=float, help="mark what is above it (default: the model's)")
    parser.add_argument("--exclude", metavar="REGEX", help="leave out pictures whose names it is found in")
    given = parser.parse_args(arguments)
    try:
        exclude = re.compile(given.exclude) if given.exclude else None
        engine = open_engine(given.model, notify=lambda line: print(line, file=sys.stderr))
        with Pipeline(engine, PipelineSettings(threshold=given.threshold, roi="none")) as pipeline:
            lines = write_hard_negatives(given.folders, pipeline, given.out, exclude)
    except re.error as error:
        print(f"write_hard_negatives: --exclude is no regular expression ({error})", file=sys.stderr)
        return 1
    except PolypliveError as error:
        print(f"write_hard_negatives: {error}", file=sys.stderr)
        return 1
    print("\n".join(lines))
    print(f"Look through '{given.out / 'images'}' and delete what does show a polyp, before you train on it.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
