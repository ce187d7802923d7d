"""How commands speak: notices on stderr, results on stdout, JSON files."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from polyplive import RESEARCH_NOTICE, __version__
from polyplive.errors import ConfigError, SinkError

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.backends.base import EngineSpec

stdout = Console(highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """One line on stderr."""
    click.echo(text, err=True)


def announce(engine: EngineSpec) -> None:
    """Say at the start what runs, and what it is for."""
    say(f"polyplive {__version__} · {RESEARCH_NOTICE}")
    say(f"Model {engine.manifest.name} {engine.manifest.version} on {engine.backend} ({engine.device})")


def check_json_target(path: Path | None) -> None:
    """Raise ``ConfigError`` before any work where ``--json`` would replace something that is no JSON file."""
    if path is None or not path.exists() or (path.is_file() and path.suffix.lower() == ".json"):
        return
    raise ConfigError(f"--json '{path}' exists and is no .json file", "Name another file: it would be overwritten.")


def write_json(path: Path, data: dict[str, Any]) -> None:
    """Write ``data`` whole or not at all. Raises ``SinkError``."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise SinkError(f"Cannot write '{path}': {error.strerror}", "Choose another place.") from None
