"""Where the review of a video is kept: beside it, or in a folder of the user's; nothing of another is overwritten."""

from __future__ import annotations

import contextlib
import datetime
import errno
import itertools
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import filelock
import platformdirs

from polyplive.errors import DataError, text_of
from polyplive.review.review_content import read_content
from polyplive.system.atomic_file import write_atomic
from polyplive.system.file_names import fitting_stem
from polyplive.system.private_files import make_private_folder
from polyplive.system.video_identity import identity_of

if TYPE_CHECKING:
    from polyplive.review.review_content import ReviewContent

SUFFIX = ".review.json"
_READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_STALE_S = 60.0
"""An unfinished file that is older was left by a process that was killed."""


def reviews_folder() -> Path:
    """The user's folder for reviews of videos whose own folder cannot be written."""
    return Path(platformdirs.user_data_dir("polyplive", appauthor=False, roaming=False)) / "reviews"


def review_path(video: Path) -> Path:
    """``VIDEO.review.json`` beside ``video``; a name that becomes too long loses its end."""
    return video.with_name(fitting_stem(video.name, SUFFIX) + SUFFIX)


class ReviewFile:
    """The file of a video's review. ``load`` once, then ``write`` in one thread; ``notices`` in any.

    It is written beside the video. Where that folder is read-only it lies in the user's, named by the video's bytes, so
    that it is found again when the video was moved. Files that are no review, or of other bytes, or that another
    program wrote meanwhile are renamed before the first write, never overwritten.
    """

    def __init__(self, video: Path, folder: Path | None = None, *, read_only: bool = False) -> None:
        """``folder`` None is ``reviews_folder``. With ``read_only`` nothing is locked, changed or written.

        Raises ``OSError`` where the video cannot be read.
        """
        self._is_read_only = read_only
        self.identity = identity_of(video)
        self._beside = review_path(video)
        own = folder or reviews_folder()
        name = self.identity.sample_sha256[:32]
        self._own = own / f"{name}{SUFFIX}"
        self._lock = filelock.FileLock(own / f"{name}.lock", mode=0o600, thread_local=False)
        self._notices: dict[str, str] = {}
        self._aside: list[Path] = []
        self._stamps: dict[Path, tuple[int, ...] | None] = {}
        self._is_beside_refused = False
        self.earlier: ReviewContent | None = None
        """The review of other bytes that was found under the video's name; it is not used unless asked for."""
        self.path: Path | None = None
        """Where the review was found, or written last; None: nowhere yet."""

    @property
    def notices(self) -> tuple[str, ...]:
        """One line for each thing that the user should know now."""
        return tuple(self._notices.values())

    def load(self) -> ReviewContent | None:
        """The newest review of these bytes; None where there is none. Stale unfinished files are removed."""
        self._is_locked()
        found = [(path, content) for path in (self._beside, self._own) if (content := self._read(path)) is not None]
        found.sort(key=lambda each: _moment(each[1].written))
        if not found:
            return None
        self.path, content = found.pop()
        for path, _ in found:
            where = "beside the video" if path == self._own else "in your own folder"
            self._keep(path, f"There are two reviews of this video: the newer one, {where}, is used")
        return content

    def write(self, data: bytes) -> bool:
        """Write the whole review to the disk; False where that failed, which ``notices`` then say."""
        if not self._is_locked():
            return False
        for path in (self._own,) if self._is_beside_refused else (self._beside, self._own):
            try:
                self._write_to(path, data)
            except OSError as error:
                if path == self._beside and error.errno in _READ_ONLY:
                    self._is_beside_refused = True
                    continue
                self._say("write", f"{_why(error)}: the review is kept in memory, and written at the next change.")
                return False
            self._written_to(path)
            return True
        return False

    def close(self) -> None:
        """Let other windows write this review."""
        self._lock.release(force=True)

    def _write_to(self, path: Path, data: bytes) -> None:
        if path == self._own:
            make_private_folder(path.parent)
        for each in [each for each in self._aside if each.parent == path.parent]:
            with contextlib.suppress(FileNotFoundError):
                each.rename(_free_name(each))
            self._aside.remove(each)
        stamp = _stamp(path)
        if stamp is not None and stamp != self._stamps.get(path):
            kept = _free_name(path)
            path.rename(kept)
            self._say("changed", f"Another program changed '{path.name}': its version is kept as '{kept.name}'.")
        write_atomic(path, data)
        self._stamps[path] = _stamp(path)

    def _written_to(self, path: Path) -> None:
        self._notices.pop("write", None)
        if path == self._own and self.path != path:
            self._say("place", f"The video's folder cannot be written: its review is kept in '{path.parent}'.")
        self.path = path

    def _read(self, path: Path) -> ReviewContent | None:
        self._clean(path)
        self._stamps[path] = _stamp(path)
        try:
            content = read_content(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._keep(path, f"'{path.name}' cannot be read ({text_of(error)})")
            return None
        except DataError as error:
            self._keep(path, f"{error.message}, and is not used")
            return None
        if content.video.is_same_video(self.identity):
            return content
        self.earlier = content
        self._keep(path, f"'{self.identity.name}' changed since it was reviewed: its decisions are not used")
        return None

    def _keep(self, path: Path, why: str) -> None:
        """Rename the file at ``path`` before anything is written in its place."""
        self._aside.append(path)
        kept = "" if self._is_read_only else f"; that file will be kept as '{_free_name(path).name}'"
        self._say(str(path), f"{why}{kept}.")

    def _is_locked(self) -> bool:
        """Whether this process holds the lock, or there can be none."""
        if self._is_read_only:
            return False
        try:
            make_private_folder(self._own.parent)
            self._lock.acquire(blocking=False)
        except filelock.Timeout:
            self._say("lock", "Another window reviews this video: what is decided here is kept in memory alone.")
            return False
        except (OSError, NotImplementedError):
            return True  # without a place for locks a change by another is still noticed
        self._notices.pop("lock", None)
        return True

    def _clean(self, path: Path) -> None:
        """Remove unfinished files of processes that were killed."""
        if not self._lock.is_locked:
            return
        with contextlib.suppress(OSError):
            for each in path.parent.glob(f".{_escaped(path.name[:40])}.*.part"):
                if time.time() - each.lstat().st_mtime > _STALE_S:
                    each.unlink()

    def _say(self, about: str, line: str) -> None:
        self._notices = {**self._notices, about: line}


def _why(error: OSError) -> str:
    return "No room left on the disk" if error.errno in _FULL else f"The review cannot be written ({text_of(error)})"


def _stamp(path: Path) -> tuple[int, ...] | None:
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _free_name(path: Path) -> Path:
    stem = path.name.removesuffix(SUFFIX)
    for number in itertools.count(1):
        ending = f".review-{number}.json"
        candidate = path.with_name(fitting_stem(stem, ending) + ending)
        if not os.path.lexists(candidate):
            return candidate
    raise AssertionError("there is always a next number")


def _moment(written: str) -> float:
    try:
        return datetime.datetime.fromisoformat(written).timestamp()
    except ValueError:
        return 0.0


def _escaped(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)
