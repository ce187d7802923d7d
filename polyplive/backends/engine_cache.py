"""Compiled engines on disk, each under the key of all that it depends on; none is trusted without a check.

An engine lies as ``NAME-KEY.engine`` beside ``NAME-KEY.json``, its manifest: the key in words, the bytes' SHA-256 and
their number. Both are written aside and moved into place, the manifest last, under a lock that other processes wait
for: what a reader finds is whole, or is recognised as damaged.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import filelock
import platformdirs

from polyplive.errors import EngineCacheError, said_by
from polyplive.manifest import shipped_folder
from polyplive.whole_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_FOLDER_VARIABLE = "POLYPLIVE_CACHE"
MAKE_ROOM = f"Free some space, or name another folder in the variable {_FOLDER_VARIABLE}"
"""What to do where the folder cannot be written."""
_KEPT_OF_A_KIND = 3
"""Engines of one model and use, for other graphs, GPUs or versions, that are kept before the oldest goes."""


@dataclass(frozen=True, slots=True)
class EngineKey:
    """All that a compiled engine depends on; two engines with one key do the same on the same machine.

    ``flavour`` and ``version`` are TensorRT's, ``gpu`` and ``compute_capability`` the device's (``any`` and empty for
    an engine that is to run on every GPU), ``outputs`` is ``mask+cam`` or ``mask``, ``kind`` ``engine`` or ``kernels``
    (what a runtime compiled from the engine while it ran).
    """

    model: str
    graph_sha256: str
    flavour: str
    version: str
    gpu: str
    compute_capability: str
    precision: str
    shape: str
    outputs: str
    kind: str = "engine"

    @property
    def digest(self) -> str:
        """Hexadecimal, 16 digits."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]

    @property
    def family(self) -> str:
        """The beginning of the name that engines of one model, flavour and use share."""
        letters = (letter if letter.isalnum() or letter in "._-" else "_" for letter in self.model[:60])
        return f"{''.join(letters)}-{self.flavour}-{self.outputs.replace('+', '-')}-{self.kind}"


@dataclass(frozen=True, slots=True)
class Lookup:
    """What the cache holds under a key: the bytes, or None and why: ``reason`` is empty where there simply is none."""

    data: bytes | None
    reason: str = ""


def default_folder() -> Path:
    """``engines/cache`` in a checkout, else the user's cache folder; the variable POLYPLIVE_CACHE names another."""
    if named := os.environ.get(_FOLDER_VARIABLE):
        return Path(named)
    shipped = shipped_folder()
    if (shipped.parent / "pyproject.toml").is_file() and os.access(shipped, os.W_OK):
        return shipped / "cache"
    return Path(platformdirs.user_cache_dir("polyplive", appauthor=False)) / "engines"


class EngineCache:
    """A folder of compiled engines; any number of threads and processes may use it at once."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder if folder is not None else default_folder()

    def path(self, key: EngineKey) -> Path:
        """Where the engine of ``key`` lies or would lie."""
        return self.folder / f"{key.family}-{key.digest}.engine"

    def get_or_build(
        self, key: EngineKey, build: Callable[[], bytes], notify: Callable[[str], None], *, anew: bool = False
    ) -> tuple[bytes, bool]:
        """The engine's bytes, and whether they were there already.

        Of several that ask at once one builds, the others wait and take its result. ``notify`` gets one line where
        what is there cannot be used, and says why. ``anew`` builds in any case. Raises what ``build`` raises, and
        ``EngineCacheError`` where the folder cannot be written.
        """
        with self._locked(key, notify):
            found = Lookup(None) if anew else self.lookup(key)
            if found.data is not None:
                return found.data, True
            if found.reason:
                notify(f"The cached engine of {key.model} {found.reason}: building it again")
            data = build()
            self._write(key, data)
            return data, False

    def store(self, key: EngineKey, data: bytes) -> None:
        """Put ``data`` in the place of what is there. Raises ``EngineCacheError``."""
        with self._locked(key, lambda _: None):
            self._write(key, data)

    def lookup(self, key: EngineKey) -> Lookup:
        """Read and check what lies under ``key``; nothing is changed and nothing raised."""
        path = self.path(key)
        try:
            manifest = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
            if not isinstance(manifest, dict):
                return Lookup(None, "has a damaged manifest")
            data = path.read_bytes()
        except FileNotFoundError:
            if path.exists():
                return Lookup(None, "has no manifest")
            return Lookup(None, "was deleted" if path.with_suffix(".json").exists() else self._why_stale(key))
        except (OSError, ValueError, RecursionError):
            return Lookup(None, "has a damaged manifest")
        if manifest.get("key") != asdict(key):
            return Lookup(None, f"is foreign ({_difference(manifest.get('key'), key)})")
        if len(data) != manifest.get("bytes"):
            return Lookup(None, f"is cut short ({len(data)} of {manifest.get('bytes')} bytes)")
        if hashlib.sha256(data).hexdigest() != manifest.get("sha256"):
            return Lookup(None, "is damaged (its checksum is wrong)")
        return Lookup(data)

    def _write(self, key: EngineKey, data: bytes) -> None:
        path = self.path(key)
        manifest = {"key": asdict(key), "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
        try:
            path.with_suffix(".json").unlink(missing_ok=True)  # a new engine beside an old manifest would look damaged
            write_whole(path, data)
            write_whole(path.with_suffix(".json"), text.encode())
            self._forget_oldest(key)
        except OSError as error:
            raise _cannot_write(self.folder, error) from None

    def _relatives(self, key: EngineKey) -> list[Path]:
        """Manifests of the key's family under other keys, newest first."""
        own = self.path(key).with_suffix(".json")
        found = [path for path in self.folder.glob(f"{key.family}-*.json") if path != own]
        return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)

    def _why_stale(self, key: EngineKey) -> str:
        try:
            newest = next(iter(self._relatives(key)), None)
            if newest is None:
                return ""
            return f"is stale ({_difference(json.loads(newest.read_text(encoding='utf-8')).get('key'), key)})"
        except (OSError, ValueError, AttributeError, RecursionError):
            return ""

    def _forget_oldest(self, key: EngineKey) -> None:
        for path in self._relatives(key)[_KEPT_OF_A_KIND - 1 :]:
            path.unlink(missing_ok=True)
            path.with_suffix(".engine").unlink(missing_ok=True)

    @contextmanager
    def _locked(self, key: EngineKey, notify: Callable[[str], None]) -> Iterator[None]:
        lock = filelock.FileLock(self.folder / f"{key.family}.lock", thread_local=False)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire(timeout=0)
            except filelock.Timeout:
                notify(f"Another process is building the engine of {key.model}: waiting for it")
                lock.acquire()
        except OSError as error:
            raise _cannot_write(self.folder, error) from None
        try:
            yield
        finally:
            lock.release()


def _difference(found: Any, wanted: EngineKey) -> str:
    """In what a manifest's key differs, for people."""
    if not isinstance(found, dict):
        return "its manifest names no key"
    names = [name for name, value in asdict(wanted).items() if found.get(name) != value]
    if "graph_sha256" in names:
        return "it was built from another graph"
    known = {"version": "TensorRT", "gpu": "GPU", "flavour": "TensorRT"}
    parts = [f"for {known.get(name, name)} {found.get(name)}, not {getattr(wanted, name)}" for name in names[:2]]
    return "built " + ", ".join(parts) if parts else "its key is another"


def _cannot_write(folder: Path, error: OSError) -> EngineCacheError:
    return EngineCacheError(f"Cannot keep compiled engines in '{folder}': {said_by(error)}", f"{MAKE_ROOM}.")
