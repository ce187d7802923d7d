"""The outputs of every command: checked and tried before the work begins.

One policy for all commands. Missing folders are made, for their owner alone. An output is refused if it would overwrite
the source or another output, or if it is a device or a pipe. It is also refused if its name does not fit its kind, or
if nothing can be written there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.commands.messages import resolved
from polyplive.errors import ConfigError
from polyplive.sinks.containers import check_container
from polyplive.sinks.failures import try_file
from polyplive.sinks.frame_list import FrameList
from polyplive.sinks.segments import may_be_segment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

VIDEOS, PAGES, FOLDERS = ("record", "record-raw"), ("page", "chart", "profile"), ("output", "out", "snapshots", "png")
"""Outputs by their options' names; every other output is a file."""
_LINKS = 40
"""As many links in a row as Linux follows."""


def try_outputs(asked: Mapping[str, Path | None], source: Path | None = None, *, listed: bool = False) -> None:
    """Check the outputs in ``asked``, by option, and try to write each; only folders are left behind.

    None: that output is not wanted. With ``listed`` each video gets a list of its frames beside it. Raises
    ``ConfigError``, and ``SinkError`` where nothing can be written.
    """
    check_outputs(asked, source, listed=listed)
    for name, path in asked.items():
        if path is not None:
            try_file(path / "output" if name in FOLDERS else path)
            if listed and name in VIDEOS:
                try_file(FrameList(path).path)


def check_outputs(asked: Mapping[str, Path | None], source: Path | None = None, *, listed: bool = False) -> None:
    """The same without touching the disk."""
    wanted = {name: path for name, path in asked.items() if path is not None}
    taken = {resolved(source): "the video itself"} if source is not None else {}
    for name, path in wanted.items():
        _check_place(name, path, source)
        _check_name(name, path)
        _check_segments(name, path, wanted)
        files = {path: f"the file of --{name}"}
        if listed and name in VIDEOS:
            files[FrameList(path).path] = f"the list of frames of --{name}"
        for file in files:
            if (place := resolved(file)) in taken:
                raise ConfigError(f"--{name} '{path}' would overwrite {taken[place]}", "Name another file.")
        taken.update({resolved(file): what for file, what in files.items()})


def _check_segments(name: str, path: Path, wanted: Mapping[str, Path]) -> None:
    """A recording goes on in another file where its picture changes its size: no other output may stand there."""
    for other, recording in wanted.items():
        if other in VIDEOS and other != name and may_be_segment(resolved(path), resolved(recording)):
            raise ConfigError(f"--{name} '{path}' has the name of a later file of --{other}", "Name another file.")


def _check_place(name: str, path: Path, source: Path | None) -> None:
    if name in FOLDERS:
        if path.exists() and not path.is_dir():
            raise ConfigError(f"--{name} '{path}' is no folder", "Name a folder.")
        return
    if path.is_dir():
        raise ConfigError(f"--{name} '{path}' is a folder", "Name a file in it.")
    if (path.exists() and not path.is_file()) or _leads_to_open_file(path):
        raise ConfigError(f"--{name} '{path}' is a device or a pipe, not a file", "Name a file.")
    if source is not None and path.exists() and source.exists() and path.samefile(source):
        raise ConfigError(f"--{name} '{path}' would overwrite the video itself", "Name another file.")


def _leads_to_open_file(path: Path) -> bool:
    """Whether ``path`` is a link as /dev/stdout is, to what a process has open: replacing it would break the system."""
    for _ in range(_LINKS):
        if not path.is_symlink():
            return False
        path = resolved(path.parent) / path.name
        if path.is_relative_to("/proc"):
            return True
        path = path.parent / path.readlink()
    return False


def _check_name(name: str, path: Path) -> None:
    if name in VIDEOS:
        check_container(path)
    if name in PAGES and path.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(f"--{name} '{path}' has no name of a page", "Name a file that ends in .html.")
    if name == "pdf" and path.suffix.lower() != ".pdf":
        raise ConfigError(f"--pdf '{path}' has no name of a PDF", "Name a file that ends in .pdf.")
    if name == "json" and path.exists() and path.suffix.lower() != ".json":
        raise ConfigError(f"--json '{path}' exists and is no .json file", "Name another file: it would be overwritten.")
