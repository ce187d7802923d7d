"""Pictures and masks for training, from any number of folders, held in memory at one size."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from polyplive.errors import ConfigError, DataError
from polyplive.evaluation.image_folder import Pair, find_pairs, read_pair

from .augment import Augmentation, Picture, augment, fit


@dataclass(frozen=True, slots=True)
class FolderSource:
    """One folder of ``images/`` and ``masks/``, and which of its pairs are used how often.

    ``include`` and ``exclude`` are regular expressions searched in the stem. ``only`` is ``positive`` (a polyp in the
    mask), ``negative`` (an empty mask) or empty for both. ``repeat`` is how often each pair comes in an epoch;
    ``per_epoch``, if given, draws that many at random instead.
    """

    folder: str
    include: str = ""
    exclude: str = ""
    only: str = ""
    repeat: int = 1
    per_epoch: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A picture and its mask, uint8, [side, side, 3] BGR and [side, side] of 0 and 255."""

    stem: str
    image: Picture
    mask: Picture


@dataclass(frozen=True, slots=True)
class LoadedSource:
    """The samples that a ``FolderSource`` selects."""

    source: FolderSource
    samples: tuple[Sample, ...]
    problems: tuple[str, ...]


def load_source(root: Path, source: FolderSource, side: int, *, on_bad: str = "refuse") -> LoadedSource:
    """Read every pair that ``source`` selects below ``root``, resized to ``side`` x ``side``.

    A broken or missing pair is named; ``on_bad`` says whether it is left out (``skip``) or the folder is refused.
    Raises ``DataError`` and ``ConfigError``.
    """
    include, exclude = _pattern(source.include), _pattern(source.exclude)
    if source.only not in ("", "positive", "negative"):
        raise ConfigError(f"No such selection: only = '{source.only}'", "Write 'positive', 'negative' or nothing.")
    pairs = find_pairs(root / source.folder)
    problems = list(pairs.problems)
    chosen = [
        pair
        for pair in pairs.pairs
        if (include is None or include.search(pair.stem)) and not (exclude is not None and exclude.search(pair.stem))
    ]
    with ThreadPoolExecutor(2) as pool:
        loaded = list(pool.map(lambda pair: _load(pair, side), chosen))
    samples = []
    for outcome in loaded:
        if isinstance(outcome, DataError):
            problems.append(str(outcome))
        elif source.only in ("", "positive" if outcome.mask.any() else "negative"):
            samples.append(outcome)
    if problems and on_bad == "refuse":
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise DataError(f"'{root / source.folder}': {problems[0]}{more}", "Mend the folder, or train with --skip-bad.")
    if not samples:
        raise DataError(f"'{root / source.folder}' has no pair that the recipe selects", "Check the recipe's patterns.")
    return LoadedSource(source, tuple(samples), tuple(problems))


def set_aside(sources: list[LoadedSource], share: float, seed: int) -> tuple[list[LoadedSource], tuple[Sample, ...]]:
    """Split off ``share`` of the first source's samples, at least one, chosen by their names and ``seed`` alone.

    Returns the sources without these samples, and the samples. Other sources that read the same folder lose them too.
    Raises ``DataError`` where nothing would be left.
    """
    first = sources[0]
    names = sorted(sample.stem for sample in first.samples)
    count = max(1, round(share * len(names)))
    if count >= len(names):
        raise DataError(f"'{first.source.folder}' has too few pictures to set any aside", "Add pictures.")
    chosen = {names[index] for index in np.random.default_rng((seed, 1)).permutation(len(names))[:count]}

    def without(loaded: LoadedSource) -> LoadedSource:
        if loaded.source.folder != first.source.folder:
            return loaded
        return replace(loaded, samples=tuple(sample for sample in loaded.samples if sample.stem not in chosen))

    return [without(loaded) for loaded in sources], tuple(s for s in first.samples if s.stem in chosen)


def draw_epoch(sources: list[LoadedSource], rng: np.random.Generator) -> list[Sample]:
    """One epoch's samples in random order."""
    drawn: list[Sample] = []
    for loaded in sources:
        if loaded.source.per_epoch is None:
            drawn += list(loaded.samples) * loaded.source.repeat
        else:
            count = min(loaded.source.per_epoch, len(loaded.samples))
            drawn += [loaded.samples[index] for index in rng.choice(len(loaded.samples), count, replace=False)]
    return [drawn[index] for index in rng.permutation(len(drawn))]


def batches(
    samples: list[Sample], size: int, batch: int, seed: tuple[int, ...], settings: Augmentation | None
) -> Iterator[tuple[Tensor, Tensor]]:
    """Pixels uint8 [N, 3, size, size] RGB and truth float32 [N, 1, size, size], prepared one batch ahead.

    ``seed`` and the sample's place determine each augmentation, independent of timing. Without ``settings`` nothing is
    changed. When augmenting, an incomplete last batch is left out, for batch norm's sake.
    """

    def prepare(start: int) -> tuple[Tensor, Tensor]:
        images, masks = [], []
        for place, sample in enumerate(samples[start : start + batch], start):
            if settings is None:
                image, mask = fit(sample.image, sample.mask, size)
            else:
                image, mask = augment(sample.image, sample.mask, size, np.random.default_rng((*seed, place)), settings)
            images.append(image[..., ::-1].transpose(2, 0, 1))
            masks.append(mask[None])
        truth = torch.from_numpy(np.stack(masks)).gt(127).float()
        return torch.from_numpy(np.stack(images)), truth

    end = len(samples) - (len(samples) % batch if settings is not None else 0)
    starts = list(range(0, end or len(samples), batch))
    with ThreadPoolExecutor(1) as pool:
        ahead = [pool.submit(prepare, start) for start in starts[:2]]
        for following in range(2, len(starts) + 2):
            ready = ahead.pop(0).result()
            if following < len(starts):
                ahead.append(pool.submit(prepare, starts[following]))
            yield ready
            if not ahead:
                return


def _load(pair: Pair, side: int) -> Sample | DataError:
    try:
        image, truth = read_pair(pair)
    except DataError as error:
        return error
    way = cv2.INTER_AREA if image.shape[0] > side else cv2.INTER_LINEAR
    mask = cv2.resize(truth.astype(np.uint8) * 255, (side, side), interpolation=cv2.INTER_LINEAR)
    mask = np.where(mask > 127, 255, 0).astype(np.uint8)
    return Sample(pair.stem, cv2.resize(image, (side, side), interpolation=way), mask)


def _pattern(text: str) -> re.Pattern[str] | None:
    try:
        return re.compile(text) if text else None
    except re.error as error:
        raise ConfigError(f"'{text}' is not a regular expression ({error})", "Mend the recipe.") from None
