"""How values are put into words on pages."""

from __future__ import annotations

import pytest

from polyplive.pages.text import clock, grouped


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "00:00.0"), (59.96, "01:00.0"), (61.25, "01:01.2"), (3723.4, "1:02:03.4")]
)
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_numbers() -> None:
    assert grouped(1234567) == "1\u202f234\u202f567"
