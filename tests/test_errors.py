"""What another library's error says, inside a message of ours."""

from __future__ import annotations

import pytest

from polyplive.errors import text_of


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("first line\n  second   line.\n"), "first line second line"),
        (FileNotFoundError(2, "No such file or directory", "/private/name"), "No such file or directory"),
        (TimeoutError(), "TimeoutError"),
        (ValueError(" \n."), "ValueError"),
        (ValueError("a" * 150 + " " + "b" * 150), "a" * 150 + " " + "b" * 49),
    ],
    ids=["one line", "the system's words", "its class", "its class for a full stop", "no longer than asked"],
)
def test_it_is_one_short_line_and_never_empty(error: Exception, words: str) -> None:
    assert text_of(error) == words
