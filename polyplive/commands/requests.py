"""Makes the frozen request of a command from click's values: the only place where options are a dictionary."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeVar

import click

from polyplive.config import SETTING_NAMES, load_settings
from polyplive.errors import ConfigError
from polyplive.validation import as_option, from_table

if TYPE_CHECKING:
    from collections.abc import Collection

    from _typeshed import DataclassInstance

RECORDINGS_ONLY = (
    "min_frames",
    "confirm_probability",
    "release_probability",
    "recording",
    "polyp_frames",
    "stream",
    "stereo",
)
PICTURES_ONLY = ("skip_bad", "robustness", "group_by", "explain", "pictures", "all_maps")
"""Options of ``evaluate`` that only one of its two requests has."""

_Request = TypeVar("_Request", bound="DataclassInstance")


def make_request(kind: type[_Request], options: dict[str, Any]) -> _Request:
    """A request of type ``kind`` from a command's options, by name; None: the default.

    If ``kind`` has ``settings``, they come from ``--config`` and from the options named like settings. Raises
    ``ConfigError``.
    """
    asked = {name: value for name, value in options.items() if value is not None}
    if any(item.name == "settings" for item in dataclasses.fields(kind)):
        changes = {name: asked.pop(name) for name in SETTING_NAMES & asked.keys()}
        asked["settings"] = load_settings(asked.pop("config", None), changes, _option)
    return from_table(kind, asked, _option)


def _option(key: str) -> str:
    """How the command spells the option for ``key``: ``--start`` for ``start_s``, ``VIDEO`` for an argument."""
    context = click.get_current_context(silent=True)
    for parameter in context.command.params if context is not None else ():
        if parameter.name == key.rpartition(".")[2]:
            return parameter.opts[0] if isinstance(parameter, click.Option) else parameter.human_readable_name
    return as_option(key)


def without(options: dict[str, Any], unwanted: Collection[str], why: str, hint: str) -> dict[str, Any]:
    """The options but the unwanted ones. Raises ``ConfigError`` with ``why`` and ``hint`` if one of those is set."""
    for name in unwanted:
        if options[name] not in (None, False):
            raise ConfigError(f"{_option(name)} {why}", hint)
    return {name: value for name, value in options.items() if name not in unwanted}


def check_confirmation(options: dict[str, Any], min_frames: int | None) -> None:
    """Raise ``ConfigError`` where ``--confirm-probability`` is set and findings are shown at once, without evidence."""
    if options["confirm_probability"] is not None and min_frames in (None, 1):
        raise ConfigError(
            "--confirm-probability does nothing where findings are shown at once",
            "Add --min-frames 3, which is what a live session does, or leave it out.",
        )
