"""A picture as a page shows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG, its ``name`` and ``caption`` below it, and what it ``says`` to those who cannot see it.

    ``figures``, by name, are shown where it is opened large.
    """

    jpeg: bytes
    name: str
    caption: str
    says: str
    figures: tuple[tuple[str, str], ...] = ()
