"""The cache of compiled engines on disk. Each is stored under a key of all that it depends on, and checked before use.

An engine lies as ``NAME-KEY.engine`` beside ``NAME-KEY.json``, its manifest: the key in words, the bytes' SHA-256 and
their number. Both are written to temporary files and moved into place, the manifest last, under a lock between
processes. So a reader finds a complete engine, or notices the damage.

The checksum detects accidental damage and stale engines. It is no signature: anyone who can write to the folder can
change an engine together with its checksum, and an engine is executable code. So a folder that others can write to is
refused.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from polyplive.errors import EngineCacheError, text_of
from polyplive.manifest import shipped_folder
from polyplive.system.atomic_file import write_atomic
from polyplive.system.private_files import make_private_folder, others_may_write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_FOLDER_VARIABLE = "POLYPLIVE_CACHE"
MAKE_ROOM = f"Free some space, or name another folder in the variable {_FOLDER_VARIABLE}"
"""The hint for a folder that cannot be written."""
_KEPT_OF_A_KIND = 3
"""How many engines of one model and use are kept, for other graphs, GPUs or versions, before the oldest is deleted."""


@dataclass(frozen=True, slots=True)
class EngineKey:
    """Everything that a compiled engine depends on; engines with equal keys are interchangeable.

    ``flavour`` and ``version`` are TensorRT's. ``gpu`` and ``compute_capability`` are the device's; ``any`` and empty
    for an engine that runs on every GPU. ``outputs`` is ``mask+cam`` or ``mask``. ``kind`` is ``engine``, or
    ``kernels`` for the kernels that a runtime compiled from the engine.
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
    """The cache's entry for a key: its bytes, or None with the ``reason``, which is empty if there is no entry."""

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

        If several ask at once, one builds, and the others wait for its result. ``notify`` gets a line if the present
        entry cannot be used, with the reason. ``anew`` always builds. Raises the errors of ``build``, and
        ``EngineCacheError`` if the folder cannot be written or others can write to it.
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
        """Store ``data``, replacing an earlier entry. Raises ``EngineCacheError``."""
        with self._locked(key, lambda _: None):
            self._write(key, data)

    def lookup(self, key: EngineKey) -> Lookup:
        """Read and check the entry for ``key``; changes nothing and raises nothing."""
        path = self.path(key)
        try:
            if others_may_write(self.folder):
                return Lookup(None, "lies in a folder that others may write to")
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
            write_atomic(path, data)
            write_atomic(path.with_suffix(".json"), text.encode())
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
        import filelock

        lock = filelock.FileLock(self.folder / f"{key.family}.lock", thread_local=False)
        try:
            make_private_folder(self.folder)
            if others_may_write(self.folder):
                raise EngineCacheError(
                    f"Others may write to '{self.folder}', and what lies there is run as code",
                    f"Take their right away (chmod go-w), or name another folder in the variable {_FOLDER_VARIABLE}.",
                )
            try:
                lock.acquire(timeout=0)
            except filelock.Timeout:
                notify(f"Another process is building the engine of {key.model}: waiting for it")
                lock.acquire()
        except EngineCacheError:
            raise
        except OSError as error:
            raise _cannot_write(self.folder, error) from None
        try:
            yield
        finally:
            lock.release()


def _difference(found: Any, wanted: EngineKey) -> str:
    """What is different in a manifest's key, in words."""
    if not isinstance(found, dict):
        return "its manifest names no key"
    names = [name for name, value in asdict(wanted).items() if found.get(name) != value]
    if "graph_sha256" in names:
        return "it was built from another graph"
    known = {"version": "TensorRT", "gpu": "GPU", "flavour": "TensorRT"}
    parts = [f"for {known.get(name, name)} {found.get(name)}, not {getattr(wanted, name)}" for name in names[:2]]
    return "built " + ", ".join(parts) if parts else "its key is another"


def _cannot_write(folder: Path, error: OSError) -> EngineCacheError:
    return EngineCacheError(f"Cannot keep compiled engines in '{folder}': {text_of(error)}", f"{MAKE_ROOM}.")
