"""A table of text, for the terminal and for pages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table: its title, the names of its columns, and its rows, each as long as ``head``.

    ``words`` names the columns that hold text besides the first: they are read from the left, the others are numbers.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: tuple[str, ...] = ()
