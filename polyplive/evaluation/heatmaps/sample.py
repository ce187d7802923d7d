"""Which pictures of a folder are measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

PICTURES = 100
"""So many pictures are measured unless others are asked for."""

_Item = TypeVar("_Item")


def evenly_spaced(items: Sequence[_Item], most: int) -> list[_Item]:
    """At most so many of ``items``, in their order, evenly spaced; the first is among them."""
    count = min(most, len(items))
    return [items[place * len(items) // count] for place in range(count)]
