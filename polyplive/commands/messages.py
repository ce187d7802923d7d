"""How commands speak: notices on stderr, results on stdout, JSON files."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

from polyplive import RESEARCH_NOTICE, __version__
from polyplive.errors import ConfigError, SinkError
from polyplive.whole_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from polyplive.backends.base import EngineSpec
    from polyplive.evaluation_tables import Words

stdout = Console(highlight=False, soft_wrap=True)
_WIDEST = 1000


def say(text: str) -> None:
    """One line on stderr. A stderr that takes nothing more (a closed terminal) must not end the work."""
    with contextlib.suppress(OSError):
        click.echo(text, err=True)


def announce(engine: EngineSpec) -> None:
    """Say at the start what runs, and what it is for."""
    say(f"polyplive {__version__} · {RESEARCH_NOTICE}")
    say(f"Model {engine.manifest.name} {engine.manifest.version} on {engine.backend} ({engine.device})")


def print_whole(table: Table) -> None:
    """Print ``table`` without cutting anything off, also where that is wider than the terminal."""
    table.width = max(Measurement.get(stdout, stdout.options.update(max_width=_WIDEST), table).maximum, 1)
    stdout.print(table)


def print_words(tables: Iterable[Words]) -> None:
    """Print tables of words, one after the other."""
    for words in tables:
        table = Table(*words.head, title=escape(words.title))
        for row in words.rows:
            table.add_row(*map(escape, row))
        print_whole(table)


def check_targets(json_path: Path | None, page: Path | None, option: str) -> None:
    """Raise ``ConfigError`` before any work where ``--json`` or ``option``, a page, would overwrite something.

    That is what is there already and of another kind, or each other.
    """
    _check_json_target(json_path)
    _check_page_target(page, option)
    if json_path is not None and page is not None and resolved(json_path) == resolved(page):
        raise ConfigError(f"{option} would overwrite --json '{json_path}'", "Name two files.")


def _check_json_target(path: Path | None) -> None:
    """Raise ``ConfigError`` before any work where ``--json`` would replace something that is no JSON file."""
    if path is None or not path.exists() or (path.is_file() and path.suffix.lower() == ".json"):
        return
    raise ConfigError(f"--json '{path}' exists and is no .json file", "Name another file: it would be overwritten.")


def write_json(path: Path, data: dict[str, Any]) -> None:
    """Write ``data`` whole or not at all; what is not UTF-8 in a name becomes a question mark. Raises ``SinkError``."""
    write_text(path, json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def _check_page_target(path: Path | None, option: str) -> None:
    if path is None:
        return
    if path.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(f"{option} '{path}' has no name of a page", "Name a file that ends in .html.")
    if path.exists() and not path.is_file():
        raise ConfigError(f"{option} '{path}' is no file", "Name another.")


def resolved(path: Path) -> Path:
    """The full path behind links. Raises ``ConfigError`` where there is none."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # the working folder is gone, or links go round in a circle
        raise ConfigError(f"'{path}' leads nowhere", "Go to a folder that exists, or give a full path.") from None


def write_text(path: Path, text: str) -> None:
    """Write ``text`` whole or not at all, as UTF-8 with a question mark for what it cannot hold. ``SinkError``."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text.encode(errors="replace"))
    except OSError as error:
        raise SinkError(f"Cannot write '{path}': {error.strerror}", "Choose another place.") from None
