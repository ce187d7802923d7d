"""Recipes: everything that decides what a training run gives, frozen, read from TOML."""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from polyplive.config import checked_field
from polyplive.errors import ConfigError

from .augment import Augmentation
from .dataset import FolderSource

SHIPPED = Path(__file__).resolve().parent / "recipes"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network is trained.

    ``options`` go to the architecture's constructor. ``size`` is the input's side in pixels. ``loss`` is a name of
    ``losses.LOSSES``. ``learning_rate`` is AdamW's peak; the encoder's is ``encoder_rate`` times that. It rises
    linearly over ``warm_up`` epochs, then falls as a cosine. ``averaging`` is the decay of the moving average of the
    weights, which is what is validated and kept. ``validation`` is a folder of pairs; where it is empty,
    ``validation_share`` of the first source's pictures is set aside instead, chosen by ``seed``. ``negatives`` selects
    pictures without a polyp whose false marks are counted. Folders are relative to the data's root.

    ``teacher_share`` is how much of the truth is another network's probability instead of the mask (distillation:
    Hinton et al., 2015, without a temperature); which network, the command says. ``frozen_norm`` keeps batch norm as it
    was, for weights that were read back out of a graph.
    """

    architecture: str = "unet-lite0"
    options: dict[str, Any] = field(default_factory=dict)
    size: int = 352
    batch: int = 16
    epochs: int = 40
    loss: str = "dice+bce"
    learning_rate: float = 1e-3
    encoder_rate: float = 0.4
    weight_decay: float = 1e-2
    warm_up: float = 1.0
    averaging: float = 0.998
    seed: int = 0
    sources: tuple[FolderSource, ...] = (FolderSource("train"),)
    validation: str = "validation"
    validation_share: float = 0.1
    negatives: FolderSource | None = None
    teacher_share: float = 0.0
    frozen_norm: bool = False
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        if self.size % 32 or self.size < 32:
            raise ConfigError(f"An input side of {self.size} cannot be halved five times", "Give a multiple of 32.")
        for name in ("batch", "epochs"):
            if getattr(self, name) < 1:
                raise ConfigError(f"A recipe with {name} = {getattr(self, name)} trains nothing", "Give at least 1.")
        if not 0 < self.validation_share < 1:
            raise ConfigError(f"No share to validate on: {self.validation_share}", "Give a number between 0 and 1.")
        if not 0 <= self.teacher_share <= 1:
            raise ConfigError(f"No share of a teacher: {self.teacher_share}", "Give a number from 0 to 1.")
        if not self.learning_rate > 0:
            raise ConfigError(f"A learning rate of {self.learning_rate} teaches nothing", "Give a positive number.")

    @property
    def side(self) -> int:
        """The side at which pictures are held and masks compared: Kvasir-SEG's, or the input's if that is larger."""
        return max(self.size, 352)


def load_recipe(name: str | Path) -> Recipe:
    """A shipped recipe's name, or the path of a TOML file. Raises ``ConfigError`` naming the file and the key."""
    shipped = {path.stem: path for path in sorted(SHIPPED.glob("*.toml"))}
    path = shipped.get(str(name), Path(name))
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise ConfigError(f"No recipe '{name}'", f"Name a TOML file, or one of: {', '.join(shipped)}.") from None
    except ValueError as error:
        raise ConfigError(f"'{path}' is not TOML ({error})", "Mend that line.") from None
    return recipe_from(table, str(path))


def recipe_from(table: dict[str, Any], where: str) -> Recipe:
    """A recipe from a TOML table; unknown keys are refused."""
    values = dict(table)
    try:
        if "sources" in values:
            values["sources"] = tuple(_made(FolderSource, source, where) for source in values["sources"])
        if "negatives" in values:
            values["negatives"] = _made(FolderSource, values["negatives"], where)
        if "augmentation" in values:
            values["augmentation"] = augmentation_from(values["augmentation"], where)
        return _made(Recipe, values, where)
    except TypeError as error:
        raise ConfigError(f"'{where}' is not a recipe ({error})", "See the recipes that ship for the keys.") from None


def augmentation_from(table: dict[str, Any], where: str, base: Augmentation | None = None) -> Augmentation:
    """``base`` (the defaults) with a TOML table's changes. Raises ``ConfigError``; ``TypeError`` for unknown keys."""
    changes = {key: tuple(value) if key == "scale" else value for key, value in dict(table).items()}
    return _made(Augmentation, dataclasses.asdict(base or Augmentation()) | changes, where)


_Made = TypeVar("_Made", FolderSource, Augmentation, Recipe)


def _made(kind: type[_Made], values: dict[str, Any], where: str) -> _Made:
    """Every value of the kind that its field has; an unknown key is a ``TypeError``."""
    known = {item.name for item in dataclasses.fields(kind)}
    return kind(
        **{key: checked_field(kind, key, value, where) if key in known else value for key, value in values.items()}
    )


def recipe_facts(recipe: Recipe) -> dict[str, Any]:
    """The recipe as plain values, for checkpoints and manifests."""
    return dataclasses.asdict(recipe)
