"""Leave-one-centre-out study: how good a recipe is on a hospital not trained on, with and without parts of it.

    python -m polyplive.export.studies.leave_one_out STUDY.toml --data DATA --out OUT [--only-first]

For each variant of the recipe one run trains on all centres, and one on all but each. All are measured on the same
pictures: the last ones of each centre by name, which no run trains on. The drop from the former to the latter is what
an unknown hospital costs. A study may let each variant learn from other data first; of those trainings every centre is
unknown, and ``--only-first`` does no others. A run that is done is not done again: kill it and go on with the same
command.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from msgspec import Meta

from polyplive.errors import ConfigError, PolypliveError
from polyplive.evaluation.image_folder import find_pairs
from polyplive.system.atomic_file import write_atomic
from polyplive.validation import check_fields, from_table, in_file, read_toml

from ..data.dataset import FolderSource, load_source
from ..training.checkpoint import load_network
from ..training.recipe import Recipe, augmentation_from, recipe_facts, recipe_from
from ..training.train import TrainingSettings, train
from ..training.validate import validate

ALL = "all centres"
FIRST = "first"


@dataclass(frozen=True, slots=True)
class Study:
    """``centres`` are regular expressions searched in the names of ``folder``'s pictures.

    ``held_back`` is the share of each centre's pictures, its last by name, that is only measured on. ``recipe`` is a
    recipe's table without the source ``folder``, of which ``per_epoch`` pictures are drawn; ``variants`` are changes of
    its augmentation, by name. ``first`` are changes of the recipe for a training on its own sources alone, without
    ``folder``: each variant goes through it once, and all its runs begin with those weights.
    """

    folder: str
    centres: dict[str, str]
    held_back: Annotated[float, Meta(gt=0, lt=1)]
    per_epoch: Annotated[int, Meta(ge=1)]
    recipe: dict[str, Any]
    variants: dict[str, dict[str, Any]]
    first: dict[str, Any] = field(default_factory=dict)

    @staticmethod
    def read(path: Path) -> Study:
        """From TOML. Raises ``ConfigError``."""
        return from_table(Study, read_toml(path), in_file(path))

    def __post_init__(self) -> None:
        check_fields(self)
        for name, pattern in self.centres.items():
            try:
                re.compile(pattern)
            except re.error as error:
                raise ConfigError(f"The centre '{name}' is no regular expression ({error})", "Mend it.") from None


@dataclass(frozen=True, slots=True)
class Run:
    """One training: of a variant, without the centre ``left_out``, or with ``ALL``."""

    variant: str
    left_out: str

    def folder(self, out: Path) -> Path:
        """Its own below ``out``."""
        return out / re.sub(r"\W+", "-", f"{self.variant} {self.left_out}")


class LeaveOneOut:
    """The runs of a study: pictures below ``data``, checkpoints and results below ``out``."""

    def __init__(self, study: Study, data: Path, out: Path) -> None:
        self._study, self._data, self._out = study, data, out
        stems = [pair.stem for pair in find_pairs(data / study.folder).pairs]
        own = _shared_out(stems, study.centres)
        self._held = {name: _last(name, own[name], study.held_back) for name in study.centres}
        self._check_runs()

    def run(self, *, only_first: bool = False) -> dict[str, Any]:
        """Do the runs that are not done yet, with one line of progress on stderr each. Returns the figures of all.

        Raises ``ConfigError`` if only the first stage is requested and no variant has one.
        """
        if only_first and not self._study.first:
            raise ConfigError("The study has no first training", "Leave --only-first out.")
        figures: dict[str, Any] = {}
        for run in self.runs():
            if only_first and run.left_out != FIRST:
                continue
            figures.setdefault(run.variant, {})[run.left_out] = self._result(run)
            print(f"{run.variant}, {run.left_out}: {_line(figures[run.variant][run.left_out])}", file=sys.stderr)
        return figures

    def _check_runs(self) -> None:
        """Check all runs before the first one starts: unknown variants, and folders shared by two runs."""
        folders = set()
        for run in self.runs():
            self.recipe(run)
            folder = run.folder(self._out)
            if folder in folders:
                raise ConfigError(f"Two runs of the study would share one folder, '{folder.name}'", "Rename one.")
            folders.add(folder)

    def runs(self) -> Iterator[Run]:
        """All of the study, variant after variant."""
        firsts = [FIRST] if self._study.first else []
        for variant in self._study.variants:
            yield from (Run(variant, left_out) for left_out in (*firsts, ALL, *self._study.centres))

    def _result(self, run: Run) -> dict[str, Any]:
        """The run's figures: those that an earlier call left, if it was the same run."""
        path = run.folder(self._out) / "result.json"
        facts = {"recipe": recipe_facts(self.recipe(run)), "held_back": self._held}
        if self._study.first:
            facts["first"] = recipe_facts(self.recipe(Run(run.variant, FIRST)))
        what = json.loads(json.dumps(facts))
        if path.exists():
            known = json.loads(path.read_text(encoding="utf-8"))
            if known.get("run") != what:
                raise ConfigError(f"'{path}' is of another study", "Name another --out.")
        else:
            known = {"run": what, "figures": self._measure(self._train(run), run)}
            write_atomic(path, json.dumps(known, indent=1).encode())
        figures: dict[str, Any] = known["figures"]
        return figures

    def _train(self, run: Run) -> Path:
        """The checkpoint of the last epoch: none is chosen. One that is there already goes on, or is done."""
        folder = run.folder(self._out)
        last = folder / "last.pt"
        start = None
        if self._study.first and run.left_out != FIRST:
            first = Run(run.variant, FIRST)  # done before, and there unless someone took it away
            start = first.folder(self._out) / "last.pt"
            if not start.exists():
                self._train(first)
        resume = last.exists()
        train(
            TrainingSettings(self.recipe(run), self._data, folder, resume, None if resume else start),
            report=lambda line: print(f"  {line}", file=sys.stderr, flush=True),
        )
        return last

    def recipe(self, run: Run) -> Recipe:
        """What ``run`` trains with: the last source is the study's folder, less what must not be seen."""
        study = self._study
        if run.left_out == FIRST:
            return self._varied(study.recipe | study.first, run.variant)
        hidden = [_exactly(stem for held in self._held.values() for stem in held)]
        if run.left_out != ALL:
            hidden.append(study.centres[run.left_out])
        recipe = self._varied(study.recipe, run.variant)
        source = FolderSource(study.folder, exclude="|".join(hidden), per_epoch=study.per_epoch)
        return dataclasses.replace(recipe, sources=(*recipe.sources, source))

    def _varied(self, table: dict[str, Any], variant: str) -> Recipe:
        recipe = recipe_from(table, "the study's recipe")
        try:
            where = f"the variant '{variant}'"
            changed = augmentation_from(self._study.variants[variant], where, recipe.augmentation)
        except TypeError as error:
            raise ConfigError(f"The variant '{variant}' is none ({error})", "See the one that ships.") from None
        return dataclasses.replace(recipe, augmentation=changed)

    def _measure(self, checkpoint: Path, run: Run) -> dict[str, Any]:
        network, _ = load_network(checkpoint)
        recipe = self.recipe(run)
        found = {}
        for name in self._study.centres if run.left_out in (ALL, FIRST) else [run.left_out]:
            source = FolderSource(self._study.folder, include=_exactly(self._held[name]))
            samples = load_source(self._data, source, recipe.side).samples
            polyps = [sample for sample in samples if sample.mask.any()]
            empty = [sample for sample in samples if not sample.mask.any()]
            figures = dataclasses.asdict(validate(network, polyps, empty, recipe.size))
            found[name] = {"n_polyp": len(polyps), "n_negative": len(empty), **figures}
        return found


def summary(figures: dict[str, Any]) -> list[dict[str, Any]]:
    """A row for each variant: mean Dice in-centre and left out, the mean drop, the worst centre.

    ``first`` is the mean after what the variant learnt first, with its worst centre; None where it learnt nothing
    before. A variant of which only that was run has nothing else.
    """
    return [
        {"variant": variant, **_after_first(runs.get(FIRST, {})), **(_with_and_without(runs) if ALL in runs else {})}
        for variant, runs in figures.items()
    ]


def _after_first(found: dict[str, Any]) -> dict[str, Any]:
    dice = {name: row["dice"] for name, row in found.items()}
    if not dice:
        return {"first": None}
    return {
        "first": round(float(np.mean(list(dice.values()))), 4),
        **{f"first_{key}": value for key, value in _worst(dice).items()},
        "first_centres": {name: round(value, 4) for name, value in dice.items()},
    }


def _with_and_without(runs: dict[str, Any]) -> dict[str, Any]:
    centres = [name for name in runs if name not in (ALL, FIRST)]
    known = {name: runs[ALL][name]["dice"] for name in centres}
    unknown = {name: runs[name][name]["dice"] for name in centres}
    return {
        "in_centre": round(float(np.mean(list(known.values()))), 4),
        "left_out": round(float(np.mean(list(unknown.values()))), 4),
        "drop": round(float(np.mean([known[name] - unknown[name] for name in centres])), 4),
        **_worst(unknown),
        "centres": {name: [round(known[name], 4), round(unknown[name], 4)] for name in centres},
    }


def _worst(dice: dict[str, float]) -> dict[str, Any]:
    worst = min(dice, key=lambda name: dice[name])
    return {"worst": worst, "worst_dice": round(dice[worst], 4)}


def _shared_out(stems: list[str], centres: dict[str, str]) -> dict[str, list[str]]:
    """The names of each centre. Raises ``ConfigError`` for a name that belongs to none, or to two."""
    own: dict[str, list[str]] = {name: [] for name in centres}
    for stem in stems:
        found = [name for name, pattern in centres.items() if re.search(pattern, stem)]
        if len(found) != 1:
            belongs = " and ".join(found) or "no centre"
            raise ConfigError(f"The picture '{stem}' belongs to {belongs}", "Mend the study's patterns.")
        own[found[0]].append(stem)
    return own


def _last(name: str, own: list[str], share: float) -> list[str]:
    """The last ``share`` of a centre's names. Raises ``ConfigError`` where that is none or all."""
    count = round(share * len(own))
    if not 0 < count < len(own):
        raise ConfigError(f"Of the {len(own)} pictures of '{name}' {count} would be held back", "Mend the study.")
    return own[-count:]


def _exactly(stems: Any) -> str:
    return "^(?:" + "|".join(re.escape(stem) for stem in stems) + ")$"


def _line(found: dict[str, Any]) -> str:
    return ", ".join(f"{name} Dice {row['dice']:.4f} ({row['n_polyp']})" for name, row in found.items())


def main(arguments: list[str] | None = None) -> int:
    """The command above; the figures go to ``OUT/figures.json``."""
    parser = argparse.ArgumentParser(prog="leave_one_out", description="Leave one centre out.")
    parser.add_argument("study", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only-first", action="store_true", help="do only what each variant learns first")
    given = parser.parse_args(arguments)
    try:
        figures = LeaveOneOut(Study.read(given.study), given.data, given.out).run(only_first=given.only_first)
    except PolypliveError as error:
        print(f"leave_one_out: {error}", file=sys.stderr)
        return 1
    rows = summary(figures)
    text = json.dumps({"summary": rows, "runs": figures}, indent=1)
    write_atomic(given.out / "figures.json", text.encode())
    print(json.dumps(rows, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
