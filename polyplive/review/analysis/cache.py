"""Where analyses are kept: a private folder for each in the user's cache folder, the oldest removed first."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

import platformdirs

from polyplive.system.private_files import make_private_folder

MOST_BYTES = 2 << 30
"""An hour takes about 10 MB with its events."""


def default_folder() -> Path:
    """``analysis`` in the user's cache folder."""
    return Path(platformdirs.user_cache_dir("polyplive", appauthor=False)) / "analysis"


def folder_of(key: str, root: Path | None = None) -> Path:
    """The folder of the analysis with this key, made where it is missing, and now the newest. Raises ``OSError``."""
    folder = (root or default_folder()) / key
    make_private_folder(folder)
    os.utime(folder)
    return folder


def clean(root: Path | None = None, keep: str = "", most_bytes: int = MOST_BYTES) -> None:
    """Remove the analyses that were opened longest ago, until the rest takes at most ``most_bytes``.

    The one with the key ``keep`` stays. One that another process works on may go: what it still needs it makes again.
    What cannot be removed stays. Raises nothing.
    """
    with contextlib.suppress(OSError):
        folders = [entry for entry in (root or default_folder()).iterdir() if entry.is_dir()]
        sizes = {folder: _bytes_in(folder) for folder in folders}
        total = sum(sizes.values())
        for folder in sorted(folders, key=lambda folder: folder.stat().st_mtime):
            if total <= most_bytes:
                return
            if folder.name != keep:
                shutil.rmtree(folder, ignore_errors=True)
                total -= sizes[folder]


def _bytes_in(folder: Path) -> int:
    return sum(entry.stat().st_size for entry in folder.iterdir() if entry.is_file())
