"""One recording of a batch, and the name of its folder of results.

The folder is named after the file, and after where it lay: two files of the same name do not meet. Where it lay is
turned into ten letters by HMAC (RFC 2104) with a key that lies in the batch's folder, so that nobody who is given one
recording's results learns it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive.sinks.failures import sink_error
from polyplive.system.atomic_file import write_new
from polyplive.system.file_names import fitting_stem
from polyplive.system.private_files import make_private_folder

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from polyplive.batch.finding import Found

KEY_FILE = ".polyplive-batch"
"""In the batch's folder: the key, 32 hexadecimal digits. Workers elsewhere know the folder by it."""
_LETTERS = 10
_UNFIT = re.compile(r'[\x00-\x1f<>:"/\\|?*]')


@dataclass(frozen=True, slots=True)
class Recording:
    """A file at ``path`` whose results go into the folder ``name``.

    Where it is not ``is_certain`` that the file is a recording, it is no failure if it is none.
    """

    path: Path
    name: str
    is_certain: bool = True


def read_key(out: Path) -> str:
    """The key of the batch's folder ``out``; both are made where they are missing. Raises ``SinkError``."""
    file = out / KEY_FILE
    try:
        make_private_folder(out)
        if not file.exists():
            write_new(file, secrets.token_hex(16).encode())
        return file.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise sink_error(file, error, kept=False) from None


def as_recordings(found: Iterable[Found], key: str) -> list[Recording]:
    """Recordings with the names of their folders: the same for the same place and key, however many there are."""
    recordings: dict[str, Recording] = {}
    for each in found:
        place = each.place.encode(errors="surrogateescape")
        name = _folder_name(each.path, _letters(key, place))
        while name in recordings:  # two of the folders have the same name, or ten letters were too few
            place += b"+"
            name = _folder_name(each.path, _letters(key, place))
        recordings[name] = Recording(each.path.absolute(), name, each.is_certain)
    return list(recordings.values())


def _letters(key: str, place: bytes) -> str:
    return hmac.new(key.encode(), place, hashlib.sha256).hexdigest()[:_LETTERS]


def _folder_name(path: Path, letters: str) -> str:
    stem = _UNFIT.sub("_", path.stem).strip(". ") or "recording"
    return f"{fitting_stem(stem, '-' + letters)}-{letters}"
