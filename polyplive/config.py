"""Settings of a session: defaults, then a TOML file, then the command line; validated once, then frozen.

The defaults and bounds of all settings are here and nowhere else; annotations hold the bounds.
"""

from __future__ import annotations

import dataclasses
import reprlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from msgspec import Meta

from polyplive.errors import ConfigError
from polyplive.system.machine import processor_count
from polyplive.types import OverlaySettings, ViewOption
from polyplive.validation import as_option, check_fields, from_table, in_file, read_toml

DEFAULT_MODEL = "auto"
"""``auto``: the shipped model that suits this machine, see ``backends.auto_model``."""

LIVE_MIN_FRAMES = 3
"""Frames of evidence that a finding needs before a live session shows it; ``docs/live.md`` says why."""

MIN_AREA = 0.002
"""The smallest region kept, as a share of the field of view's area."""

RELEASE_PROBABILITY = 0.25
"""A finding that was shown stays while its probability is above this."""

KEEP_FREE_MIB = 500.0
"""A recording ends before less of the disk is left."""

Threshold: TypeAlias = Annotated[float, Meta(gt=0, lt=1)]
"""The probability above which a contour is drawn."""

ConfirmProbability: TypeAlias = Annotated[float, Meta(ge=0, lt=1)]
"""The probability that makes a frame evidence for a finding; 0: the threshold."""

Patience: TypeAlias = Annotated[float, Meta(gt=0, lt=1e9)]

CamTarget: TypeAlias = Literal["mask", "each", "nearly"]
"""What the heatmap explains: all of the mask, each region of it alone, or what nearly became one."""

_THREADS_A_PROCESSOR = 4
"""More threads only wait for each other, and ONNX Runtime then nearly stops."""

PRECISIONS = ("auto", "float32", "float16", "bfloat16")
"""bfloat16 is OpenVINO's, float16 TensorRT's."""


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """``precision`` of the arithmetic, one of ``PRECISIONS``; ``threads``, None for the runtime's own.

    ``auto`` is the fastest precision that processor or GPU has and that keeps the model's accuracy (see the model's
    card); ``float32`` is the reference. ``cam_target`` is what the heatmap explains (``backends.cam_target``).
    """

    precision: str = "auto"
    threads: Annotated[int, Meta(ge=1)] | None = None
    cam_target: CamTarget = "mask"

    def __post_init__(self) -> None:
        check_fields(self)
        if self.precision not in PRECISIONS:
            raise ConfigError(f"No precision '{self.precision}'", f"Choose one of: {', '.join(PRECISIONS)}.")
        most = _THREADS_A_PROCESSOR * processor_count()
        if self.threads is not None and self.threads > most:
            raise ConfigError(
                f"{reprlib.repr(self.threads)} threads would hinder one another",
                f"Give at most {most} on this machine.",
            )


def of_mask(options: EngineOptions) -> EngineOptions:
    """``options`` with the model's own map, of the whole mask: for what measures or checks that one."""
    return dataclasses.replace(options, cam_target="mask")


@dataclass(frozen=True, slots=True)
class PipelineSettings:
    """How a frame becomes a prediction.

    ``roi`` is ``auto`` (find the content area), ``none`` (the whole frame) or ``x,y,w,h``, None for what is usual:
    ``auto``, or ``none`` for single pictures. ``threshold`` is the probability of a contour, None for the model's own.
    ``min_area`` is the smallest region kept, as a share of the field of view's area. ``min_frames`` is how many frames'
    evidence a finding needs before it is given (1: at once), None for what is usual for the session; A frame is
    evidence where a part of the finding, as large as ``min_area``, is above ``confirm_probability`` (0: the threshold),
    None for the model's own. A shown finding stays while it is above ``release_probability`` (1: as at first). With
    ``one_field`` the model sees a frame with interlaced motion through one field.
    """

    roi: str | None = None
    threshold: Threshold | None = None
    min_area: Annotated[float, Meta(ge=0, lt=1)] = MIN_AREA
    min_frames: Annotated[int, Meta(ge=1, le=1000)] | None = None
    confirm_probability: ConfirmProbability | None = None
    release_probability: Annotated[float, Meta(gt=0, le=1)] = RELEASE_PROBABILITY
    one_field: bool = True

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """The time limits of a live session, and how they are kept.

    ``max_age_ms``: a result whose frame is older is not drawn. ``no_signal_s``: so many seconds without a picture, or
    with a frozen or single-coloured one, are a lost signal. ``reopen_s``: after so many seconds without a picture the
    source is opened again. ``engine_timeout_s``: a model that takes so many seconds for one frame is started again.
    ``memory_growth_mib``: a model whose memory has grown by so many MiB is started again. With ``governor`` a session
    whose results come later than ``delay_goal_ms`` does less: fewer heatmaps, then a faster model.
    """

    max_age_ms: Patience = 250.0
    no_signal_s: Patience = 0.8
    reopen_s: Patience = 3.0
    engine_timeout_s: Patience = 8.0
    memory_growth_mib: Patience = 1024.0
    governor: bool = True
    delay_goal_ms: Patience = 120.0

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of a session; each group belongs to one module.

    ``view`` is what draws a window's picture. With ``full_paths`` outputs name files with their folders, which may name
    a patient.
    """

    model: str = DEFAULT_MODEL
    backend: str = "auto"
    view: ViewOption = "auto"
    full_paths: bool = False
    engine: EngineOptions = field(default_factory=EngineOptions)
    pipeline: PipelineSettings = field(default_factory=PipelineSettings)
    overlay: OverlaySettings = field(default_factory=OverlaySettings)
    live: LiveSettings = field(default_factory=LiveSettings)

    def __post_init__(self) -> None:
        check_fields(self)
        check_fields(self.overlay)
        if self.engine.cam_target == "nearly" and self.overlay.heat_of is not None:
            raise ConfigError(
                "Heat of what nearly fired is no finding's, so heat_of shows none", "Leave out heat_of, or cam_target."
            )


def withhold_findings(settings: Settings) -> Settings:
    """For live use: withhold findings until there is evidence, unless the settings say otherwise."""
    if settings.pipeline.min_frames is not None:
        return settings
    return dataclasses.replace(settings, pipeline=dataclasses.replace(settings.pipeline, min_frames=LIVE_MIN_FRAMES))


def hide_heat(settings: Settings) -> Settings:
    """For live use: no heatmap until somebody asks for it, unless the settings do; ``docs/heatmap.md`` says why."""
    if settings.overlay.heatmap is not None:
        return settings
    return dataclasses.replace(settings, overlay=dataclasses.replace(settings.overlay, heatmap=False))


def check_kind(name: str, given: object, kind: type) -> None:
    """Raise ``ConfigError`` where ``given`` is neither None nor of the public ``kind``."""
    if given is not None and not isinstance(given, kind):
        raise ConfigError(f"{name} is a value of type {type(given).__name__}", f"Give polyplive.{kind.__name__}(…).")


def load_settings(
    path: Path | None, overrides: Mapping[str, Any], subject: Callable[[str], str] = as_option
) -> Settings:
    """Defaults, overlaid with the TOML file ``path``, overlaid with ``overrides``.

    ``overrides`` maps names as options have them (``threshold``) to values; None means not given.
    ``subject`` begins a message about one of them: see ``from_table``. Raises
    ``ConfigError`` that names the file, the key, the value received and what is allowed.
    """
    table = {} if path is None else read_toml(path)
    if path is not None:
        from_table(Settings, table, in_file(path))
    for name, value in overrides.items():
        if value is not None:
            group = _GROUP_OF[name]
            inner = table.setdefault(group, {}) if group else table
            inner[name] = value
    return from_table(Settings, table, subject)


def _groups() -> dict[str, str]:
    """The group of each setting by its name; no name is in two groups. Settings without a group have an empty one."""
    groups: dict[str, str] = {}
    for item in dataclasses.fields(Settings):
        inner = getattr(Settings(), item.name)
        if dataclasses.is_dataclass(inner):
            groups |= {each.name: item.name for each in dataclasses.fields(inner)}
        else:
            groups[item.name] = ""
    return groups


_GROUP_OF = _groups()
SETTING_NAMES = frozenset(_GROUP_OF)
"""The names of all settings, without their groups: those of the command line's options."""
