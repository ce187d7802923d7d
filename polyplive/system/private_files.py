"""New files and folders that only their owner can read; a link planted in their place is never followed."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from pathlib import Path

FILE_MODE, FOLDER_MODE = 0o600, 0o700
SHARED_MODE = 0o666
"""The mode for models, which hold no patient data; the user's umask applies."""
_NAME_KEPT = 40
"""How many letters of its name an unfinished file keeps, so that the name does not become too long."""
_PLAIN = getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


def make_private_folder(folder: Path) -> None:
    """Make ``folder`` and missing parents, for their owner alone; existing ones are not changed. Raises ``OSError``."""
    if folder.is_dir():
        return
    make_private_folder(folder.parent)
    try:
        folder.mkdir(mode=FOLDER_MODE)
    except FileExistsError:
        if not folder.is_dir():
            raise NotADirectoryError(f"'{folder}' is no folder") from None


def create_private(path: Path, mode: int = FILE_MODE) -> FileIO:
    """Create an empty file at ``path``, open for unbuffered reading and writing, by default for its owner alone.

    An existing file or link is removed first, so that neither a link's target nor a file open elsewhere is changed. A
    device or a pipe is opened as it is. Raises ``OSError``, and ``ValueError`` for an impossible name.
    """
    with contextlib.suppress(FileNotFoundError):
        found = os.lstat(path).st_mode
        if stat.S_ISDIR(found):
            raise IsADirectoryError(f"'{path}' is a folder")
        if not stat.S_ISREG(found) and not stat.S_ISLNK(found):
            return os.fdopen(os.open(path, os.O_WRONLY | _PLAIN), "wb", buffering=0)
        path.unlink()
    return open_new(path, mode)


def open_new(path: Path, mode: int = FILE_MODE) -> FileIO:
    """The same, but raises ``FileExistsError`` if anything exists at ``path``, including a link."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _PLAIN, mode), "r+b", buffering=0)


@contextlib.contextmanager
def unfinished(path: Path, mode: int = FILE_MODE) -> Iterator[tuple[Path, FileIO]]:
    """Create a file beside ``path`` with a random name.

    At the end it is removed if it still exists. Raises ``OSError``.
    """
    partial = path.with_name(f".{path.name[:_NAME_KEPT]}.{secrets.token_hex(8)}.part")
    file = create_private(partial, mode)
    try:
        with file:
            yield partial, file
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def is_still_at(path: Path, file: FileIO) -> bool:
    """Whether ``path`` names the open ``file``, and neither nothing nor another one that came in its place."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.lstat(path))
    except OSError:
        return False


def check_writable(path: Path) -> None:
    """Raise ``OSError`` unless a file could be made at ``path``; an existing one is not changed.

    It does not check whether the disk has room. A file is made there for a moment, since a file system may refuse a
    name alone: it is too long, or has a colon.
    """
    if path.is_dir():
        raise IsADirectoryError(f"'{path}' is a folder")
    with unfinished(path):
        pass
    if not os.path.lexists(path):
        with contextlib.suppress(FileExistsError):  # another one made it meanwhile, so it can be made
            open_new(path).close()
            path.unlink(missing_ok=True)


def others_may_write(folder: Path) -> bool:
    """Whether others than this user and root can write to ``folder``; False if that cannot be found out.

    Raises ``OSError`` if there is no such folder.
    """
    if not hasattr(os, "geteuid"):  # Windows stores permissions in another way
        return False
    found = folder.stat()
    foreign = found.st_uid not in (0, os.geteuid())
    return foreign or bool(found.st_mode & (stat.S_IWGRP | stat.S_IWOTH))
