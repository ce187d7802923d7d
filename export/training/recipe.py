"""Recipes: everything that decides what a training run gives, frozen, read from TOML."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from polyplive.errors import ConfigError
from polyplive.validation import check_fields, from_table, in_file, read_toml

from ..data.augment import Augmentation
from ..data.dataset import FolderSource

SHIPPED = Path(__file__).resolve().parents[1] / "recipes"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network is trained.

    ``options`` go to the architecture's constructor. ``size`` is the input's side in pixels. ``loss`` is a name of
    ``losses.LOSSES``. ``learning_rate`` is AdamW's peak; the encoder's is ``encoder_rate`` times that. It rises
    linearly over ``warm_up`` epochs, then falls as a cosine. ``averaging`` is the decay of the moving average of the
    weights, which is what is validated and kept. ``validation`` is a folder of pairs; where it is empty,
    ``validation_share`` of the first source's pictures is set aside instead, chosen by ``seed``. ``negatives`` selects
    pictures without a polyp whose false marks are counted. Folders are relative to the data's root.

    ``only_encoder`` takes of the weights that a run starts from the encoder's alone, as far as this one goes.

    ``teacher_share`` is how much of the truth is another network's probability instead of the mask (distillation:
    Hinton et al., 2015, without a temperature); which network, the command says. ``frozen_norm`` keeps batch norm as it
    was, for weights that were read back out of a graph.
    """

    architecture: str = "unet-lite0"
    options: dict[str, Any] = field(default_factory=dict)
    size: int = 352
    batch: Annotated[int, Meta(ge=1)] = 16
    epochs: Annotated[int, Meta(ge=1)] = 40
    loss: str = "dice+bce"
    learning_rate: Annotated[float, Meta(gt=0)] = 1e-3
    encoder_rate: float = 0.4
    weight_decay: float = 1e-2
    warm_up: float = 1.0
    averaging: float = 0.998
    seed: int = 0
    sources: tuple[FolderSource, ...] = (FolderSource("train"),)
    validation: str = "validation"
    validation_share: Annotated[float, Meta(gt=0, lt=1)] = 0.1
    negatives: FolderSource | None = None
    teacher_share: Annotated[float, Meta(ge=0, le=1)] = 0.0
    frozen_norm: bool = False
    only_encoder: bool = False
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        check_fields(self)
        if self.size % 32 or self.size < 32:
            raise ConfigError(f"An input side of {self.size} cannot be halved five times", "Give a multiple of 32.")

    @property
    def side(self) -> int:
        """The side at which pictures are held and masks compared: Kvasir-SEG's, or the input's if that is larger."""
        return max(self.size, 352)


def shipped_recipes() -> dict[str, Path]:
    """The recipes that come with the program, by name: those of shipped models and those that were tried."""
    return {path.stem: path for path in sorted(SHIPPED.glob("*/*.toml"), key=lambda path: path.stem)}


def load_recipe(name: str | Path) -> Recipe:
    """A shipped recipe's name, or the path of a TOML file. Raises ``ConfigError`` naming the file and the key.

    ``base = "NAME"`` in a file begins with another recipe's values (not with its weights); the file then says what
    differs. ``[augmentation]`` changes single keys; everything else that the file names, it replaces whole. NAME is a
    shipped recipe, or a file beside this one. A base has no base itself, so that two files say all.
    """
    table, path = _read(str(name), Path())
    if "base" in table:
        table = _completed(table, path)
    return recipe_from(table, str(path))


def _read(name: str, folder: Path) -> tuple[dict[str, Any], Path]:
    shipped = shipped_recipes()
    path = shipped.get(name, folder / name)
    if not path.is_file():
        raise ConfigError(f"No recipe '{name}'", f"Name a TOML file, or one of: {', '.join(shipped)}.")
    return read_toml(path), path


def _completed(table: dict[str, Any], path: Path) -> dict[str, Any]:
    """The table completed with the values of its base."""
    changes = {key: value for key, value in table.items() if key != "base"}
    if not isinstance(table["base"], str):
        raise ConfigError(f"In '{path}' 'base' is {table['base']!r}", "Name one recipe.")
    base, base_path = _read(table["base"], path.parent)
    if "base" in base:
        raise ConfigError(f"The base of '{path}' has a base itself ('{base_path}')", "Name a recipe without one.")
    both = [values["augmentation"] for values in (base, changes) if "augmentation" in values]
    if len(both) == 2 and all(isinstance(values, dict) for values in both):
        changes["augmentation"] = both[0] | both[1]
    return base | changes


def recipe_from(table: dict[str, Any], where: str) -> Recipe:
    """A recipe from a TOML table. Raises ``ConfigError`` for unknown keys and for values that cannot be."""
    return from_table(Recipe, table, in_file(where))


def augmentation_from(table: dict[str, Any], where: str, base: Augmentation | None = None) -> Augmentation:
    """``base`` (the defaults) with a TOML table's changes. Raises ``ConfigError`` as ``recipe_from``."""
    return from_table(Augmentation, dataclasses.asdict(base or Augmentation()) | table, in_file(where))


def recipe_facts(recipe: Recipe) -> dict[str, Any]:
    """The recipe as plain values, for checkpoints and manifests."""
    return dataclasses.asdict(recipe)
