"""The training loop: resumable, deterministic in its data, averaging its weights."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import Parameter

from polyplive.errors import TrainingError, text_of
from polyplive.system.machine import has_bfloat16
from polyplive.system.private_files import make_private_folder
from polyplive.system.progress import progress_bar
from polyplive.wording import count_of

from ..data.dataset import FolderSource, LoadedSource, Sample, batches, draw_epoch, load_source, set_aside
from ..graph.load_trained import load_trained, origin_of
from ..networks.segmentation import SegmentationNetwork, build_network, without_pretrained
from .batch_norm import restore_batch_norm
from .checkpoint import read_checkpoint, save_checkpoint
from .losses import find_loss
from .moving_average import AveragedWeights
from .recipe import Recipe, recipe_facts
from .records import Records
from .start import take_weights
from .validate import Validation, validate

FALSE_MARK_LIMIT = 0.25
"""Weights that mark a greater share of the held-back negatives than this are never kept as the best."""


_PICTURES_FOR_STATISTICS = 256


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """Where a run reads and writes.

    ``data`` is the root of the recipe's folders, ``out`` the run's folder. ``start_from`` is another run's checkpoint,
    or an exported graph, whose weights the run begins with. ``teacher`` is the same of the network that a recipe with a
    ``teacher_share`` learns from. ``resume`` goes on where a run in ``out`` ended, with the teacher that it had;
    ``start_from`` is then not looked at. ``on_bad`` is ``refuse`` or ``skip``.
    """

    recipe: Recipe
    data: Path
    out: Path
    resume: bool = False
    start_from: Path | None = None
    teacher: Path | None = None
    on_bad: str = "refuse"


def train(settings: TrainingSettings, report: Callable[[str], None] = lambda _: None) -> Path:
    """Train, and give the path of the best checkpoint (``best.pt`` in ``out``).

    ``report`` gets one line for each pair that was skipped, one with their number, then one line an epoch.

    After each epoch ``last.pt`` holds everything that going on needs. Raises ``TrainingError``, ``DataError``,
    ``ConfigError``.
    """
    run = _Run(settings)
    run.restore()
    for line in run.skipped:
        report(line)
    for epoch in range(run.epochs_done, settings.recipe.epochs):
        report(run.epoch(epoch))
    best = settings.out / "best.pt"
    if not best.exists():
        raise TrainingError(
            f"No epoch kept false marks on negatives below {FALSE_MARK_LIMIT:.0%}",
            f"Train longer, or add negatives; '{settings.out / 'last.pt'}' holds the last weights.",
        )
    return best


class _Run:
    def __init__(self, settings: TrainingSettings) -> None:
        recipe = self.recipe = settings.recipe
        self.settings = settings
        self.skipped: list[str] = []
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.narrow = self.device.type == "cuda" or has_bfloat16()
        torch.manual_seed(recipe.seed)
        self.loss = find_loss(recipe.loss)
        self.folded = False  # whether the weights descend from a graph's
        self.network = self._new_network().to(self.device, memory_format=torch.channels_last)
        self.teacher = self._load_teacher()
        self.origins = _origins(settings)
        self.sources, self.polyps, self.negatives = self._load_data()
        if recipe.only_encoder and not settings.resume:
            self._restore_batch_norm()
        self.average = AveragedWeights(self.network, recipe.averaging)
        self.steps_an_epoch = max(1, len(self._draw(0)) // recipe.batch)
        self.optimiser = torch.optim.AdamW(self._groups(), weight_decay=recipe.weight_decay)
        self.records = Records(settings.out, recipe.epochs)
        self.history: list[dict[str, Any]] = []
        self.best = -1.0
        self.epochs_done = 0

    def _new_network(self) -> SegmentationNetwork:
        recipe, start = self.recipe, self.settings.start_from
        before = recipe.architecture != "unet" and start is None
        options = {"pretrained": True, **recipe.options} if before else without_pretrained(recipe.options)
        network = build_network(recipe.architecture, **options)
        if start is not None:
            self.folded = take_weights(network, start, only_encoder=recipe.only_encoder)
        return network

    def _restore_batch_norm(self) -> None:
        """Of an encoder that was read back out of a graph; its pictures are not augmented."""
        some = self._draw(0)[:_PICTURES_FOR_STATISTICS]
        given = batches(some, self.recipe.size, self.recipe.batch, (self.recipe.seed,), None)
        self.network.eval()
        restore_batch_norm(
            self.network.encoder, (self.network.normalise(pixels.to(self.device)) for pixels, _ in given)
        )

    def _load_teacher(self) -> SegmentationNetwork | None:
        path, share = self.settings.teacher, self.recipe.teacher_share
        if (path is None) != (share == 0):
            raise TrainingError(
                "The recipe learns from no teacher" if path is not None else "The recipe learns from a teacher",
                "Give the recipe a teacher_share." if path is not None else "Name its checkpoint with --teacher.",
            )
        if path is None:
            return None
        teacher, _ = load_trained(path)
        teacher.requires_grad_(False).to(self.device, memory_format=torch.channels_last)
        return teacher

    def _load_data(self) -> tuple[list[LoadedSource], list[Sample], list[Sample]]:
        recipe = self.recipe
        sources = [self._load(source) for source in recipe.sources]
        if recipe.validation:
            polyps = self._load(FolderSource(recipe.validation)).samples
        else:
            sources, polyps = set_aside(sources, recipe.validation_share, recipe.seed)
        negatives = self._load(recipe.negatives).samples if recipe.negatives is not None else ()
        if self.skipped:
            self.skipped.append(f"{len(self.skipped)} bad pairs were skipped")
        return sources, list(polyps), list(negatives)

    def _load(self, source: FolderSource) -> LoadedSource:
        loaded = load_source(self.settings.data, source, self.recipe.side, on_bad=self.settings.on_bad)
        lines = [f"skipped in '{source.folder}': {problem}" for problem in loaded.problems]
        self.skipped += [line for line in lines if line not in self.skipped]  # two sources may read one folder
        return loaded

    def _groups(self) -> list[dict[str, Any]]:
        groups = [
            {"params": [part] if isinstance(part, Parameter) else list(part.parameters()), "rate": rate}
            for part, rate in self.network.encoder.rates()
        ]
        before = {id(parameter) for group in groups for parameter in group["params"]}
        rest = [parameter for parameter in self.network.parameters() if id(parameter) not in before]
        scaled = [group | {"rate": group["rate"] * self.recipe.encoder_rate} for group in groups]
        return [*scaled, {"params": rest, "rate": 1.0}]

    def _draw(self, epoch: int) -> list[Sample]:
        return draw_epoch(self.sources, np.random.default_rng((self.recipe.seed, epoch)))

    def restore(self) -> None:
        """Go on from ``last.pt`` if asked; refuse to overwrite a run otherwise."""
        out = self.settings.out
        last = out / "last.pt"
        if not self.settings.resume:
            if last.exists():
                raise TrainingError(f"'{out}' already holds a run", "Add --resume, or name another --out.")
            try:
                make_private_folder(out)
            except OSError as error:
                raise TrainingError(f"Cannot make '{out}': {error.strerror}", "Name another --out.") from None
            return
        data = read_checkpoint(last)
        changed = _changed(recipe_facts(Recipe()) | data["recipe"], recipe_facts(self.recipe))
        if changed:
            raise TrainingError(
                f"'{last}' is of another recipe ({', '.join(changed)} differ)",
                "Resume with the recipe that the run began with; only its epochs may change.",
            )
        self._keep_origins(data["origins"], last)
        self.folded = bool(data.get("folded"))
        try:
            self.network.load_state_dict(data["raw_weights"])
            self.average.network.load_state_dict(data["weights"])
            self.optimiser.load_state_dict(data["optimiser"])
            self.history, self.best, self.epochs_done = data["history"], data["best"], len(data["history"])
        except (KeyError, RuntimeError, ValueError) as error:
            raise TrainingError(
                f"'{last}' cannot be gone on from ({text_of(error)})", "Train anew in another --out."
            ) from None

    def _keep_origins(self, before: dict[str, Any], last: Path) -> None:
        """Keep the run's original starting weights, whatever is named now; the teacher must be the same as before."""
        known, named = before.get("teacher"), self.origins.get("teacher")
        if known and named and (not isinstance(known, dict) or known.get("sha256") != named["sha256"]):
            raise TrainingError(
                f"'{last}' learnt from another teacher than '{named['name']}': {json.dumps(known)}",
                "Name that file with --teacher, or train anew in another --out.",
            )
        self.origins = ({"teacher": named} if named else {}) | before

    def epoch(self, epoch: int) -> str:
        """One pass over the data, validation, checkpoint; gives the line to report."""
        started = time.monotonic()
        mean_loss = self._pass(epoch)
        found = validate(self.average.network, self.polyps, self.negatives, self.recipe.size)
        row = {"epoch": epoch + 1, "loss": mean_loss, **asdict(found), "learning_rate": self._rate(epoch + 1, 0)}
        row["seconds"] = time.monotonic() - started
        self.history.append(row)
        self._save(found)
        marked = f", false marks {count_of(found.negatives_marked, found.negatives)}" if found.negatives else ""
        return (
            f"epoch {epoch + 1}/{self.recipe.epochs}: loss {mean_loss:.4f}, IoU {found.iou:.4f},"
            f" Dice {found.dice:.4f}{marked}, {row['seconds']:.0f} s"
        )

    def _pass(self, epoch: int) -> float:
        self.network.train()
        if self.recipe.frozen_norm:
            for module in self.network.modules():
                if isinstance(module, torch.nn.BatchNorm2d):
                    module.eval()
        losses = []
        seed = (self.recipe.seed, epoch, 1)
        samples = self._draw(epoch)
        with progress_bar(f"epoch {epoch + 1}", self.steps_an_epoch) as advance:
            for step, (pixels, truth) in enumerate(
                batches(samples, self.recipe.size, self.recipe.batch, seed, self.recipe.augmentation)
            ):
                self._set_rate(epoch, step)
                losses.append(self._step(pixels, truth))
                self.average.update(self.network, epoch * self.steps_an_epoch + step)
                advance(step + 1)
        if not losses:
            raise TrainingError("There are fewer pictures than one batch", "Give a smaller batch in the recipe.")
        return float(np.mean(losses))

    def _step(self, pixels: Tensor, truth: Tensor) -> float:
        """One optimiser step, in bfloat16 where that is fast and exact enough: convolutions, not the loss."""
        pixels, truth = pixels.to(self.device), truth.to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.narrow):
            logit = self.network(self.network.normalise(pixels).contiguous(memory_format=torch.channels_last))
        loss = self.loss(logit.float(), self._taught(pixels, truth))
        if not torch.isfinite(loss):
            raise TrainingError("The loss is not a number any more", "Lower the learning rate, then --resume.")
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimiser.step()
        return float(loss.detach())

    def _taught(self, pixels: Tensor, truth: Tensor) -> Tensor:
        """The masks, or a mixture of them with the teacher's probabilities on the same pictures."""
        if self.teacher is None:
            return truth
        with torch.no_grad(), torch.autocast(self.device.type, torch.bfloat16, enabled=self.narrow):
            given = self.teacher.normalise(pixels).contiguous(memory_format=torch.channels_last)
            probability = self.teacher(given).float().sigmoid()
        return torch.lerp(truth, probability, self.recipe.teacher_share)

    def _rate(self, epoch: int, step: int) -> float:
        done = epoch + step / self.steps_an_epoch
        peak, warm, total = self.recipe.learning_rate, self.recipe.warm_up, self.recipe.epochs
        if done < warm:
            return peak * (done + 1 / self.steps_an_epoch) / (warm + 1 / self.steps_an_epoch)
        share = min(1.0, (done - warm) / max(total - warm, 1e-9))
        return peak * (0.01 + 0.99 * (1 + math.cos(math.pi * share)) / 2)

    def _set_rate(self, epoch: int, step: int) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate(epoch, step) * group["rate"]

    def _save(self, found: Validation) -> None:
        data: dict[str, Any] = {
            "architecture": self.recipe.architecture,
            "options": without_pretrained(self.recipe.options),
            "recipe": recipe_facts(self.recipe),
            "origins": self.origins,
            "folded": self.folded,
            "weights": self.average.network.state_dict(),
            "validation": asdict(found),
            "epoch": len(self.history),
        }
        if found.iou > self.best and found.false_marks <= FALSE_MARK_LIMIT:
            self.best = found.iou
            save_checkpoint(self.settings.out / "best.pt", data)
        data |= {
            "raw_weights": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "history": self.history,
            "best": self.best,
        }
        save_checkpoint(self.settings.out / "last.pt", data)
        try:
            self.records.write(self.history)
        except OSError as error:
            raise TrainingError(
                f"Cannot write the records in '{self.settings.out}': {error.strerror}",
                "Free some space, then --resume.",
            ) from None


def _origins(settings: TrainingSettings) -> dict[str, dict[str, str]]:
    """Of the weights that the run begins with and of its teacher's, where there are any."""
    given = {"start_from": settings.start_from, "teacher": settings.teacher}
    return {role: origin_of(path) for role, path in given.items() if path is not None}


def _changed(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """The names of what two recipes differ in, their lengths aside; JSON makes lists of tuples."""

    def plain(value: Any) -> Any:
        return json.loads(json.dumps(value))

    old, new = plain(old), plain(new)
    return sorted(name for name in old.keys() | new.keys() if name != "epochs" and old.get(name) != new.get(name))
