"""Output of commands: notices on stderr, results on stdout, JSON files."""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from polyplive import RESEARCH_NOTICE, __version__
from polyplive.errors import ConfigError
from polyplive.sinks.failures import sink_error
from polyplive.system.atomic_file import write_atomic

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from polyplive.backends.base import EngineSpec
    from polyplive.text_table import TextTable
    from polyplive.types import SourceInfo

stdout = Console(markup=False, emoji=False, highlight=False, soft_wrap=True)
"""Prints texts as they are: names and packages such as polyplive[train] hold brackets."""
_WIDEST = 1000


def say(text: str) -> None:
    """Print one line on stderr. A closed stderr (a closed terminal) must not end the work."""
    with contextlib.suppress(OSError):
        click.echo(text, err=True)


def announce(engine: EngineSpec) -> None:
    """Print at the start which model and backend run, and the notice on research use."""
    say(f"polyplive {__version__} · {RESEARCH_NOTICE}")
    say(f"Model {engine.manifest.name} {engine.manifest.version} on {engine.backend} ({engine.device})")


def say_notices(source: SourceInfo, besides: Collection[str] = ()) -> None:
    """Print the lines that ``source`` has for the user, with its name, but those that were said before."""
    for notice in source.notices:
        if notice not in besides:
            say(f"{source.name}: {notice}")


def print_written(files: Iterable[Path]) -> None:
    """Print which files a session has written: a recording may be several."""
    names = [os.fsencode(file).decode(errors="replace") for file in files]
    if names:
        stdout.print(f"Written: {', '.join(names)}")


def print_whole(table: Table) -> None:
    """Print ``table`` in full, even if it is wider than the terminal."""
    table.width = max(Measurement.get(stdout, stdout.options.update(max_width=_WIDEST), table).maximum, 1)
    stdout.print(table)


def print_tables(tables: Iterable[TextTable]) -> None:
    """Print text tables, one after the other."""
    for found in tables:
        table = Table(*found.head, title=found.title)
        for row in found.rows:
            table.add_row(*row)
        print_whole(table)


def write_json(path: Path, data: dict[str, Any]) -> None:
    """Write ``data`` as JSON, completely or not at all. Raises ``SinkError``.

    Characters of a file's name that are not UTF-8 become question marks.
    """
    write_text(path, json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def resolved(path: Path) -> Path:
    """The full path with links resolved. Raises ``ConfigError`` if there is none."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # the working folder was deleted, or links form a circle
        raise ConfigError(f"'{path}' leads nowhere", "Go to a folder that exists, or give a full path.") from None


def write_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8, completely or not at all. Raises ``SinkError``.

    Characters that UTF-8 cannot hold become question marks.
    """
    try:
        write_atomic(path, text.encode(errors="replace"))
    except (OSError, ValueError) as error:  # a name may be impossible
        raise sink_error(path, error, kept=False) from None
