"""Paths as they are typed on the command line."""

from __future__ import annotations

import errno
import os
import reprlib
from pathlib import Path
from typing import Any

import click

_ABSENT = {errno.ENOENT, errno.ENOTDIR}


class TypedPath(click.ParamType):  # type: ignore[type-arg]  # click 8.1 has no argument there
    """A path that the system can open or make. A wrong one is refused here, not after minutes of work.

    ``Path`` reads an empty text as the working folder and drops a final slash, which means a folder. With ``file`` a
    final slash is refused.
    """

    name = "path"

    def __init__(self, *, file: bool = False) -> None:
        self._file = file

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """``value`` as a ``Path``; a usage error when it cannot be one."""
        text = os.fspath(value)
        if not text:
            self.fail("an empty text is no path.", param, ctx)
        if self._file and text.endswith(("/", os.sep)):
            self.fail(f"'{text}' names a folder. Name a file.", param, ctx)
        try:
            os.stat(text)  # noqa: PTH116  # Path has dropped what this must see
        except OSError as error:
            if error.errno not in _ABSENT:
                self.fail(f"{reprlib.repr(text)} cannot be used: {error.strerror}.", param, ctx)
        except ValueError:
            self.fail(f"{reprlib.repr(text)} cannot be a path.", param, ctx)
        return Path(text)
