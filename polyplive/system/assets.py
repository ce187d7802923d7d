"""Files that come with the program: the demo clip, its truth, the icon."""

from __future__ import annotations

from pathlib import Path

from polyplive.errors import SourceNotFound

_PACKAGE = Path(__file__).resolve().parents[1]


def asset(name: str) -> Path:
    """A file of ``assets/``: in the package once installed, at the top level of a checkout.

    Raises ``SourceNotFound`` if the installation lacks it.
    """
    for folder in (_PACKAGE / "assets", _PACKAGE.parent / "assets"):
        if (folder / name).is_file():
            return folder / name
    raise SourceNotFound(f"'{name}', a part of polyplive, is not installed", "Reinstall polyplive.")
