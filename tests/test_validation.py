"""Tables against dataclasses: one line with what was received and what is allowed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta

from polyplive.errors import ConfigError
from polyplive.validation import as_option, check_fields, from_table, in_file


@dataclass(frozen=True, slots=True)
class Inner:
    share: Annotated[float, Meta(ge=0, lt=1)] = 0.5
    count: Annotated[int, Meta(ge=1, le=9)] | None = None

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True)
class Outer:
    name: str
    inner: Inner = field(default_factory=Inner)
    more: tuple[Inner, ...] = ()
    kind: Literal["a", "b"] = "a"
    words: dict[str, str] = field(default_factory=dict)
    path: Path | None = None
    flag: bool = False
    pair: tuple[float, float] = (0.0, 1.0)


def test_tables_become_dataclasses_and_whole_numbers_floats() -> None:
    made = from_table(Outer, {"name": "x", "inner": {"share": 0}, "more": [{"count": 2}], "pair": [1, 2]}, as_option)
    assert made == Outer("x", Inner(0.0), (Inner(count=2),), pair=(1.0, 2.0))
    assert isinstance(made.inner.share, float)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({}, "f: 'name' is missing. It must be text."),
        ({"name": 3}, "f: 'name' is 3. It must be text."),
        ({"name": "x", "iner": {}}, "f: 'iner' is not known. Did you mean 'inner'?"),
        ({"name": "x", "inner": {"zzz": 1}}, "f: 'inner.zzz' is not known. Known here: share, count."),
        ({"name": "x", "inner": 3}, "f: 'inner' is 3. It must be a table of: share, count."),
        ({"name": "x", "inner": {"share": 1}}, "f: 'inner.share' is 1. It must be a number of at least 0 and below 1."),
        ({"name": "x", "inner": {"share": float("nan")}}, "f: 'inner.share' is nan."),
        ({"name": "x", "inner": {"share": 10**400}}, "f: 'inner.share' is 1000000"),
        ({"name": "x", "inner": {"count": 10}}, "f: 'inner.count' is 10. It must be a whole number from 1 to 9."),
        ({"name": "x", "inner": {"count": 2.0}}, "f: 'inner.count' is 2.0."),
        ({"name": "x", "more": {}}, "f: 'more' is {}."),
        ({"name": "x", "more": [{}, {"shaer": 1}]}, "f: 'more[2].shaer' is not known. Did you mean 'share'?"),
        ({"name": "x", "kind": "c"}, "f: 'kind' is 'c'. It must be one of: a, b."),
        ({"name": "x", "words": {"a": 1}}, "f: 'words' is {'a': 1}. It must be a table, each text."),
        ({"name": "x", "path": "a"}, "f: 'path' is 'a'. It must be a path."),
        ({"name": "x", "flag": 1}, "f: 'flag' is 1. It must be true or false."),
        ({"name": "x", "pair": [1]}, "f: 'pair' is [1]. It must be a list: a number, a number."),
        (3, "'f' is 3."),
    ],
)
def test_what_is_wrong_is_said_in_one_line(table: Any, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_table(Outer, table, in_file("f"))
    assert str(caught.value).startswith(says)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_what_a_program_makes_is_checked_too() -> None:
    with pytest.raises(ConfigError, match=r"Inner\.share is 1\. It must be a number of at least 0 and below 1\."):
        Inner(share=1)


def test_an_option_is_named_as_it_is_typed() -> None:
    with pytest.raises(ConfigError, match=r"^--count is 0\."):
        from_table(Outer, {"name": "x", "inner": {"count": 0}}, as_option)
