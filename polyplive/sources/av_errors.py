"""Turns PyAV's errors, and files without video, into polyplive's errors."""

from __future__ import annotations

import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING

import av.error

from polyplive.errors import SourceError, SourceNotFound, SourceUnreadable, text_of
from polyplive.sources.whitelists import SCHEMES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AV_ERRORS: tuple[type[Exception], ...] = (
    av.error.FFmpegError,
    OSError,
    ValueError,
    RuntimeError,
    ArithmeticError,
    LookupError,
    MemoryError,
)
"""What PyAV raises for bad data: FFmpeg's error codes, and the builtins of its own checks."""

PLAYABLE = "Give a file that a video player can play."


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn any error of PyAV raised inside into a ``SourceNotFound`` or ``SourceUnreadable`` about ``path``."""
    try:
        yield
    except SourceError:
        raise
    except FileNotFoundError:
        raise _not_found(path) from None
    except PermissionError:
        raise _not_permitted(path) from None
    except AV_ERRORS as error:
        raise SourceUnreadable(f"'{path}' holds no video that can be decoded ({text_of(error)})", PLAYABLE) from None


def check_file(path: Path, *, may_be_empty: bool = False) -> int:
    """The size in bytes of a regular file that is not empty; raises ``SourceError`` for anything else.

    A pipe or a device is refused, since opening one could wait for ever.
    """
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise _not_found(path) from None
    except PermissionError:
        raise _not_permitted(path) from None
    except (OSError, ValueError) as error:
        raise SourceUnreadable(f"'{path}' cannot be opened ({text_of(error)})", "Check the path.") from None
    if stat.S_ISDIR(status.st_mode):
        raise SourceUnreadable(f"'{path}' is a folder, not a video", "Name one video file.")
    if not stat.S_ISREG(status.st_mode):
        raise SourceUnreadable(f"'{path}' is a device or a pipe, not a file", "Use `polyplive live` for devices.")
    if status.st_size == 0 and not may_be_empty:
        raise SourceUnreadable(f"'{path}' is empty (0 bytes)", "Copy or record it again.")
    return status.st_size


def _not_found(path: Path) -> SourceNotFound:
    if str(path).partition(":/")[0].lower() in SCHEMES:  # not repeated: it may hold a password
        return SourceNotFound("The address of a stream is no file", "Use `polyplive live ADDRESS`.")
    return SourceNotFound(f"There is no file '{path}'", "Check the path.")


def _not_permitted(path: Path) -> SourceUnreadable:
    return SourceUnreadable(f"'{path}' may not be read", "Change its permissions, or run as its owner.")
