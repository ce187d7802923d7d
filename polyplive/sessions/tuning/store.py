"""Measurements of this machine, kept in the user's cache folder: one private file for each fingerprint."""

from __future__ import annotations

import contextlib
import datetime
from dataclasses import dataclass
from pathlib import Path

import msgspec
import platformdirs

from polyplive.sessions.tuning.fingerprint import Fingerprint
from polyplive.sessions.tuning.measurement import Row
from polyplive.system.atomic_file import write_atomic
from polyplive.system.private_files import make_private_folder

_SCHEMA, _KEPT, _LARGEST = 1, 8, 1 << 16


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was measured of a machine, and when (ISO 8601). ``busy``: other programs took its processors meanwhile."""

    fingerprint: Fingerprint
    rows: tuple[Row, ...]
    measured: str
    busy: bool = False
    schema: int = _SCHEMA

    @classmethod
    def now(cls, fingerprint: Fingerprint, rows: tuple[Row, ...], *, busy: bool) -> Measurement:
        """A measurement that has just been made."""
        return cls(fingerprint, rows, datetime.datetime.now().astimezone().isoformat(timespec="seconds"), busy)


def default_folder() -> Path:
    """``measured`` in the user's cache folder."""
    return Path(platformdirs.user_cache_dir("polyplive", appauthor=False)) / "measured"


def find_kept(fingerprint: Fingerprint, folder: Path) -> tuple[Measurement | None, str]:
    """The measurement for ``fingerprint``, or None; then why one that lies there cannot be used (empty: none does)."""
    path = folder / f"{fingerprint.digest}.json"
    try:
        if not path.is_file():
            return None, ""
        if path.stat().st_size > _LARGEST:
            return None, "is damaged"
        found = msgspec.json.decode(path.read_bytes(), type=Measurement)
    except (OSError, ValueError, RecursionError, msgspec.MsgspecError):
        return None, "is damaged"
    setups = tuple(f"{row.setup.model}, {row.setup}" for row in found.rows)
    if found.schema != _SCHEMA or found.fingerprint != fingerprint or setups != fingerprint.setups:
        return None, "is of another machine"
    return found, ""


def keep(found: Measurement, folder: Path) -> None:
    """Write ``found`` for its owner alone, whole or not at all, and forget the oldest. Raises ``OSError``."""
    make_private_folder(folder)
    write_atomic(folder / f"{found.fingerprint.digest}.json", msgspec.json.format(msgspec.json.encode(found)) + b"\n")
    with contextlib.suppress(OSError):  # another process may forget the same ones
        files = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in files[_KEPT:]:
            path.unlink(missing_ok=True)
