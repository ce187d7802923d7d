"""How counts and shares are put into words, on the terminal, on pages and in the window."""

from __future__ import annotations

import re

_MOMENT = re.compile(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)([+-]\d\d:\d\d)$")
_MANY = 200
"""From so many on a share is told to a tenth of a per cent: one of them is less than half of one."""


def counted(count: int, one: str, many: str = "") -> str:
    """``count`` with its noun: ``1 frame``, ``2 frames``; ``many`` where the plural is not ``one`` with an s."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def percent(share: float) -> str:
    """A share of 1 as whole per cent."""
    return f"{100 * share:.0f} %"


def count_with_share(count: int, of: int) -> str:
    """``1 (20 %)``, for a place that says of how many; ``-`` of none."""
    return f"{count} ({_told(count, of)})" if of else "-"


def count_of(count: int, of: int) -> str:
    """``1 of 5 (20 %)``; ``-`` of none."""
    return f"{count} of {of} ({_told(count, of)})" if of else "-"


def moment(iso: str) -> str:
    """A time in ISO 8601 with spaces: ``2026-01-31 09:00:00 +01:00``; another text stays as it is."""
    return _MOMENT.sub(r"\1 \2 \3", iso)


def _told(count: int, of: int) -> str:
    """Per cent: 0 is said of none alone, and 100 of all alone."""
    decimals = 1 if of >= _MANY else 0
    smallest = 10.0**-decimals
    share = 100 * count / of
    if count and share < smallest / 2:
        return f"below {smallest:g} %"
    if count != of and share > 100 - smallest / 2:
        return f"above {100 - smallest:g} %"
    return f"{share:.{0 if count in (0, of) else decimals}f} %"
