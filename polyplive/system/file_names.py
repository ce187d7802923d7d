"""Names of files: without their folders, which may identify a patient, and no longer than a file system allows."""

from __future__ import annotations

import os
import re

_LONGEST = 255
"""Bytes that a file's name may have on the usual file systems."""
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_QUOTED = re.compile(r"(?<!\w)'(.+?)'(?!\w)", re.DOTALL)
_BARE_FOLDERS = re.compile(r"(?<![\w:/\\.'])(?:[A-Za-z]:)?[/\\](?:[^\s'\"/\\]+[/\\])+(?=[^\s'\"/\\])")


def file_name(name: str) -> str:
    """The last part of a path. Addresses of streams and devices stay as they are."""
    if name.startswith("/dev/") or (_ADDRESS.match(name) and not name.lower().startswith("file:")):
        return name
    return re.split(r"[/\\]", name.rstrip("/\\"))[-1] or name


def fitting_stem(stem: str, ending: str) -> str:
    """``stem`` without as much of its end as would make a file's name with ``ending`` too long."""
    while stem and len(os.fsencode(stem + ending)) > _LONGEST:
        stem = stem[:-1]
    return stem


def without_folders(text: str) -> str:
    """A sentence with each path, in single quotes or bare, reduced to the file's name."""
    text = _QUOTED.sub(lambda found: f"'{file_name(found[1])}'", text)
    return _BARE_FOLDERS.sub(lambda found: found.group() if found.group().startswith("/dev/") else "", text)
