"""Settings of a session: defaults, then a TOML file, then the command line; validated once, frozen after."""

from __future__ import annotations

import dataclasses
import reprlib
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from polyplive.backends.options import EngineOptions
from polyplive.errors import ConfigError
from polyplive.manifest import DEFAULT_MODEL
from polyplive.types import OverlaySettings

if TYPE_CHECKING:
    from pathlib import Path

    from _typeshed import DataclassInstance


@dataclass(frozen=True, slots=True)
class PipelineSettings:
    """How a frame becomes a prediction.

    ``roi`` is ``auto`` (find the content area), ``none`` (the whole frame) or ``x,y,w,h``, None for what is usual:
    ``auto``, or ``none`` for single pictures. ``threshold`` is the probability of a contour, None for the model's own.
    ``min_area`` is the smallest region kept, as a share of the field of view's area. ``min_frames`` is how many frames'
    evidence a finding needs before it is given (1: at once), None for what is usual for the session; ``sure`` is the
    probability that a part of it, as large as ``min_area``, has to have for a frame to be evidence (0: the threshold),
    None for the model's own; ``keep`` is the probability above which it then stays (1: as at first). With ``one_field``
    the model sees a frame with interlaced motion through one field.
    """

    roi: str | None = None
    threshold: float | None = None
    min_area: float = 0.002
    min_frames: int | None = None
    sure: float | None = None
    keep: float = 0.25
    one_field: bool = True

    def __post_init__(self) -> None:
        if self.threshold is not None and not 0.0 < self.threshold < 1.0:
            raise ConfigError(f"A threshold of {self.threshold} marks all or nothing", "Give one between 0 and 1.")
        if not 0.0 <= self.min_area < 1.0:
            raise ConfigError(f"A smallest area of {self.min_area} is not a share", "Give one from 0 up to 1.")
        if self.sure is not None and not 0.0 <= self.sure < 1.0:
            raise ConfigError(f"No finding is surer than {self.sure}", "Give a probability, or 0 for the threshold.")
        if not 0.0 < self.keep <= 1.0:
            raise ConfigError(f"Findings cannot stay above {self.keep}", "Give a probability, or 1 to keep none.")
        if self.min_frames is not None and not 1 <= self.min_frames <= 1000:
            raise ConfigError(
                f"Findings cannot be withheld for {reprlib.repr(self.min_frames)} frames", "Give 1 (none) to 1000."
            )


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """When a live session loses patience.

    ``max_age_ms``: a result whose frame is older is not drawn. ``no_signal_s``: so long without a picture, or with a
    frozen or flat one, is a lost signal. ``reopen_s``: so long without any, and the source is opened again.
    ``engine_timeout_s``: a model that works so long on one frame is given up and started again, as it is when memory
    has grown by ``memory_growth_mib`` since it was opened.
    """

    max_age_ms: float = 250.0
    no_signal_s: float = 0.8
    reopen_s: float = 3.0
    engine_timeout_s: float = 8.0
    memory_growth_mib: float = 1024.0

    def __post_init__(self) -> None:
        for name in ("max_age_ms", "no_signal_s", "reopen_s", "engine_timeout_s", "memory_growth_mib"):
            value = getattr(self, name)
            if not 0 < value < 1e9:
                raise ConfigError(f"live.{name} is {value}, which is no patience at all", "Give a number above 0.")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a session can be told; each group is the part of one module."""

    model: str = DEFAULT_MODEL
    backend: str = "auto"
    engine: EngineOptions = field(default_factory=EngineOptions)
    pipeline: PipelineSettings = field(default_factory=PipelineSettings)
    overlay: OverlaySettings = field(default_factory=OverlaySettings)
    live: LiveSettings = field(default_factory=LiveSettings)

    def __post_init__(self) -> None:
        opacity = self.overlay.opacity
        if not 0.0 <= opacity <= 1.0:
            raise ConfigError(f"An opacity of {opacity} cannot be drawn", "Give one from 0 to 1.")


def load_settings(path: Path | None, overrides: dict[str, Any]) -> Settings:
    """Defaults, overlaid with the TOML file ``path``, overlaid with ``overrides``.

    ``overrides`` maps dotted names (``pipeline.threshold``) to values; None means not given. Raises ``ConfigError``
    that names the file, the key, the value received and what is allowed.
    """
    settings = Settings()
    if path is not None:
        settings = _overlay(settings, _read_toml(path), str(path))
    given: dict[str, Any] = {}
    for name, value in overrides.items():
        if value is not None:
            *groups, key = name.split(".")
            table = given
            for group in groups:
                table = table.setdefault(group, {})
            table[key] = value
    return _overlay(settings, given, "the command line")


def _read_toml(path: Path) -> dict[str, Any]:
    if path.exists() and not path.is_file():  # a device could give bytes without end
        raise ConfigError(f"The settings '{path}' are not a file", "Name a TOML file.")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"Cannot read the settings '{path}': {error.strerror}", "Check the path.") from None
    except RecursionError:
        raise ConfigError(f"The settings '{path}' are nested too deep", "Write each group as a [table].") from None
    except ValueError as error:
        raise ConfigError(f"'{path}' is not TOML ({error})", "Mend that line.") from None


_Group = TypeVar("_Group", bound="DataclassInstance")


def _overlay(base: _Group, table: dict[str, Any], where: str) -> _Group:
    """A copy of the dataclass ``base`` with the values of ``table``, whose sub-tables go to its nested dataclasses."""
    known = {item.name: getattr(base, item.name) for item in dataclasses.fields(base)}
    changes: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            raise ConfigError(f"{where} sets '{key}', which is not a setting", f"Known here: {', '.join(known)}.")
        if dataclasses.is_dataclass(known[key]):
            if not isinstance(value, dict):
                raise ConfigError(f"{where}: '{key}' must be a table", f"Write it as [{key}].")
            changes[key] = _overlay(known[key], value, where)
        else:
            changes[key] = checked_field(base, key, value, where)
    return dataclasses.replace(base, **changes)


def checked_field(base: Any, key: str, value: Any, where: str) -> Any:
    """``value``, if it is of the kind that the field ``key`` of ``base``, a dataclass or one's instance, asks for.

    Raises ``ConfigError``, which says that it stands in ``where``.
    """
    annotation = str(next(item.type for item in dataclasses.fields(base) if item.name == key))
    kinds = {name.partition("[")[0].strip() for name in annotation.split("|")}
    if isinstance(value, int) and not isinstance(value, bool) and "float" in kinds:
        try:
            return float(value)
        except OverflowError:
            raise ConfigError(f"{where}: '{key}' is {reprlib.repr(value)}", "Give a smaller number.") from None
    if type(value).__name__ not in kinds and not (value is None and "None" in kinds):
        raise ConfigError(
            f"{where}: '{key}' is {reprlib.repr(value)}", f"It must be {' or '.join(sorted(kinds - {'None'}))}."
        )
    return value
