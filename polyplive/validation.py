"""Checks values from outside against the types of frozen dataclasses: settings, requests, manifests, recipes.

msgspec checks a value against an annotation, with bounds from ``msgspec.Meta``. This module makes one-line messages:
the value received, the values allowed, and the nearest name for an unknown key.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import reprlib
import tomllib
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

import msgspec
from msgspec import inspect

from polyplive.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from _typeshed import DataclassInstance

_Made = TypeVar("_Made", bound="DataclassInstance")


def check_fields(made: DataclassInstance) -> None:
    """For ``__post_init__``: raise ``ConfigError`` where a field of ``made`` is not what its annotation says."""
    for key, kind in _annotations(type(made)).items():
        _checked(kind, getattr(made, key), f"{type(made).__name__}.{key}")


def from_table(kind: type[_Made], table: Any, subject: Callable[[str], str], path: str = "") -> _Made:
    """``kind`` made of a table as TOML, JSON or a command line gives it; tables inside become its dataclasses.

    ``subject`` turns a dotted key into the beginning of a message, for example ``in_file("my.toml")``; ``path`` is the
    key of ``table`` itself. Keys that are left out have their defaults. Raises ``ConfigError`` with the key, the value
    received and what is allowed, or with the nearest name for an unknown key.
    """
    if not isinstance(table, dict):
        raise ConfigError(
            f"{subject(path)} is {reprlib.repr(table)}", f"It must be a table of: {', '.join(_annotations(kind))}."
        )
    known = _annotations(kind)
    prefix = f"{path}." if path else ""
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            raise ConfigError(f"{subject(prefix + str(key))} is not known", _nearest(str(key), known))
        values[key] = _value(known[key], value, subject, prefix + key)
    missing = [item.name for item in dataclasses.fields(kind) if _is_required(item) and item.name not in values]
    if missing:
        raise ConfigError(f"{subject(prefix + missing[0])} is missing", f"It must be {_words(known[missing[0]])}.")
    return kind(**values)


def in_file(name: object) -> Callable[[str], str]:
    """How messages about the file ``name`` begin."""
    return lambda key: f"{name}: '{key}'" if key else f"'{name}'"


def read_toml(path: Path) -> dict[str, Any]:
    """The table in a TOML file. Raises ``ConfigError`` if it cannot be read as TOML."""
    if path.exists() and not path.is_file():  # a device could give endless bytes
        raise ConfigError(f"'{path}' is not a file", "Name a TOML file.")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"Cannot read '{path}': {error.strerror}", "Check the path.") from None
    except RecursionError:
        raise ConfigError(f"'{path}' is nested too deep", "Write each group as a [table].") from None
    except ValueError as error:
        raise ConfigError(f"'{path}' is not TOML ({error})", "Mend that line.") from None


def as_option(key: str) -> str:
    """How messages about an option of the command line begin."""
    return "--" + key.rpartition(".")[2].replace("_", "-")


def _is_required(item: dataclasses.Field[Any]) -> bool:
    return item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING


def _value(kind: Any, value: Any, subject: Callable[[str], str], path: str) -> Any:
    """``value`` as ``kind`` wants it, an annotation: a dataclass, several of them, or what msgspec knows."""
    described = _described(kind)
    options = described.types if isinstance(described, inspect.UnionType) else (described,)
    for option in options:
        if isinstance(option, inspect.DataclassType) and value is not None:
            if isinstance(value, option.cls):
                return value
            return from_table(option.cls, value, subject, path)
        if isinstance(option, inspect.VarTupleType) and isinstance(option.item_type, inspect.DataclassType):
            if not isinstance(value, list):
                raise ConfigError(f"{subject(path)} is {reprlib.repr(value)}", f"Write each as a table: [[{path}]].")
            return tuple(
                from_table(option.item_type.cls, item, subject, f"{path}[{number}]")
                for number, item in enumerate(value, start=1)
            )
    return _checked(kind, value, subject(path))


def _checked(kind: Any, value: Any, subject: str) -> Any:
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, OverflowError):
        raise ConfigError(f"{subject} is {reprlib.repr(value)}", f"It must be {_words(kind)}.") from None


@functools.cache
def _annotations(kind: type[DataclassInstance]) -> dict[str, Any]:
    hints = get_type_hints(kind, include_extras=True)
    return {item.name: hints[item.name] for item in dataclasses.fields(kind)}


@functools.cache
def _described(kind: Any) -> inspect.Type:
    return inspect.type_info(kind)


def _nearest(key: str, known: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    return f"Did you mean '{close[0]}'?" if close else f"Known here: {', '.join(known)}."


def _words(kind: Any) -> str:
    """What the annotation ``kind`` allows, for people."""
    return _kind_words(_described(kind))


def _kind_words(kind: inspect.Type) -> str:
    match kind:
        case inspect.UnionType():
            return " or ".join(_kind_words(each) for each in kind.types if not isinstance(each, inspect.NoneType))
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType():
            return "a whole number" + _bounds(kind)
        case inspect.FloatType():
            return "a number" + _bounds(kind)
        case inspect.StrType():
            return "text"
        case inspect.LiteralType():
            return "one of: " + ", ".join(map(str, kind.values))
        case inspect.TupleType():
            return "a list: " + ", ".join(_kind_words(each) for each in kind.item_types)
        case inspect.VarTupleType() | inspect.ListType():
            return f"a list, each {_kind_words(kind.item_type)}"
        case inspect.DictType():
            inside = "" if isinstance(kind.value_type, inspect.AnyType) else f", each {_kind_words(kind.value_type)}"
            return f"a table{inside}"
        case inspect.CustomType():
            return f"a {kind.cls.__name__.lower()}"
        case inspect.DataclassType():
            return f"a {kind.cls.__name__}"
        case _:
            return "another value"


def _bounds(kind: inspect.IntType | inspect.FloatType) -> str:
    if kind.ge is not None and kind.le is not None:
        return f" from {kind.ge:g} to {kind.le:g}"
    limits = ((kind.ge, "at least"), (kind.gt, "above"), (kind.le, "at most"), (kind.lt, "below"))
    said = " and ".join(f"{words} {limit:g}" for limit, words in limits if limit is not None)
    return (" of " if said.startswith("at") else " ") * bool(said) + said
