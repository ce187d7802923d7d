"""Every command that a document shows is one that the program takes: parsed by the real parsers, not run."""

from __future__ import annotations

import argparse
import ast
import importlib
import importlib.util
import re
import runpy
import sys
import tomllib
from functools import cache
from typing import TYPE_CHECKING, Any

import click
import pytest
from documents import LANGUAGES, ROOT, Command, blocks, commands, current_documents, name_of, options

from polyplive.cli import cli
from polyplive.config import load_settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SHOWN = [command for page in current_documents() for command in commands(page)]
PYTHONS = {"python", "python3", "py"}
OTHER_PROGRAMS = {"pip", "apt", "cd", "ruff", "mypy", "pytest", "export", "ray"}
"""What documents may show besides: its arguments are not ours to check."""

OPTIONS_OF_OTHERS = {
    "--node-ip-address",
    "--no-deps",
    "--dist",
    "--help",
    "--enable-version3",
    "--enable-libx264",
    "--enable-libx265",
}


def of(*programs: str) -> list[Command]:
    """The commands shown of these programs."""
    return [command for command in SHOWN if command.words[0] in programs]


def parse(words: Sequence[str]) -> None:
    """Parse a command of the program as ``main`` would; none opens the window.

    Raises ``click.ClickException`` for what it refuses.
    """
    if not words:
        return  # the window
    with click.Context(cli) as context:
        name, command, rest = cli.resolve_command(context, list(words))
        assert command is not None
        command.make_context(name, rest, parent=context)


class _Parsed(Exception):
    """Raised in place of what a script would do next."""


def parse_script(script: str, arguments: Sequence[str]) -> argparse.ArgumentParser:
    """Let ``python script`` or ``python -m script`` parse ``arguments`` and do no more; gives its parser.

    Raises ``ValueError`` for what the parser refuses.
    """
    real, used = argparse.ArgumentParser.parse_args, []

    def parse_only(self: argparse.ArgumentParser, args: Any = None, namespace: Any = None) -> None:
        used.append(self)
        real(self, args, namespace)
        raise _Parsed

    def refuse(self: argparse.ArgumentParser, message: str) -> None:
        raise ValueError(message)

    run = runpy.run_path if script.endswith(".py") else runpy.run_module
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(argparse.ArgumentParser, "parse_args", parse_only)
        patched.setattr(argparse.ArgumentParser, "error", refuse)
        patched.setattr(sys, "argv", [script, *arguments])
        patched.delitem(sys.modules, script, raising=False)
        with pytest.raises(_Parsed):
            run(script if run is runpy.run_module else str(ROOT / script), run_name="__main__")
    return used[0]


def script_of(command: Command) -> tuple[str, list[str]]:
    """The script or module of ours that ``command`` runs, with its arguments; no name where it runs no such thing."""
    words = list(command.words[1:])
    if words[0] == "-m":
        return (words[1], words[2:]) if words[1].startswith("polyplive.") else ("", [])
    return (words[0], words[1:]) if words[0].endswith(".py") else ("", [])


@pytest.mark.parametrize("command", of("polyplive"), ids=str)
def test_a_command_of_the_program_parses(command: Command) -> None:
    try:
        parse(command.words[1:])
    except click.MissingParameter:
        assert command.in_text
    except click.exceptions.Exit:  # --help and --version end there
        pass


@pytest.mark.parametrize("command", of(*PYTHONS), ids=str)
def test_a_script_takes_its_arguments(command: Command) -> None:
    if command.words[1] == "-c":
        for node in ast.walk(ast.parse(command.words[2])):
            if isinstance(node, ast.ImportFrom):
                module = importlib.import_module(str(node.module))
                assert not [name.name for name in node.names if not hasattr(module, name.name)]
        return
    if command.words[1] == "-m":
        assert importlib.util.find_spec(command.words[2]) is not None
    script, arguments = script_of(command)
    if script:
        try:
            parse_script(script, arguments)
        except ValueError as refused:
            if not command.in_text or "are required" not in str(refused):
                raise


@pytest.mark.parametrize("command", of("make"), ids=str)
def test_make_knows_the_target(command: Command) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(command.words[1:]) <= set(targets)


@pytest.mark.parametrize("command", of("pip"), ids=str)
def test_an_extra_that_is_installed_exists(command: Command) -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    named = re.findall(r"(?:\.|polyplive)\[([\w,-]+)\]", " ".join(command.words))
    assert {extra for group in named for extra in group.split(",")} <= set(extras)


def test_every_program_that_is_shown_is_known() -> None:
    assert {command.words[0] for command in SHOWN} <= PYTHONS | OTHER_PROGRAMS | {"polyplive", "make"}


@cache
def known_options() -> frozenset[str]:
    """Every long option of our commands and scripts."""
    commands_of_ours = cli.commands.values()
    known = {
        text for command in commands_of_ours for item in command.params for text in (*item.opts, *item.secondary_opts)
    }
    scripts = dict(script_of(command) for command in of(*PYTHONS) if not command.in_text)
    for script, arguments in scripts.items():
        if script:
            known.update(text for action in parse_script(script, arguments)._actions for text in action.option_strings)
    return frozenset(known | OPTIONS_OF_OTHERS)


@pytest.mark.parametrize("page", current_documents(), ids=name_of)
def test_an_option_that_the_text_names_exists(page: Path) -> None:
    assert options(page) <= known_options()


@pytest.mark.parametrize("page", current_documents(), ids=name_of)
def test_every_block_says_what_it_holds(page: Path) -> None:
    assert {language for language, _ in blocks(page)} <= LANGUAGES


def test_settings_that_a_page_shows_are_settings(tmp_path: Path) -> None:
    shown = [text for page in current_documents() for language, text in blocks(page) if language == "toml"]
    assert shown
    for text in shown:
        path = tmp_path / "settings.toml"
        path.write_text(text, encoding="utf-8")
        load_settings(path, {})


@pytest.mark.parametrize("words", [["replay"], ["replay", "x.mp4", "--nosuch"], ["replay", "a", "b"], ["nosuch"]])
def test_what_the_program_refuses_is_refused_here(words: list[str]) -> None:
    with pytest.raises(click.ClickException):
        parse(words)
