"""The sound that recordings of a source may copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.errors import SourceError
from polyplive.sinks.containers import container_for, options_with_sound
from polyplive.sources.av_errors import AV_ERRORS
from polyplive.sources.reading.sound import SoundTrack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from polyplive.sources.reading.medium import Medium

UNREADABLE: tuple[type[Exception], ...] = (SourceError, *AV_ERRORS)
"""What reading the sound raises where the file is damaged or gone."""


class SoundSource:
    """The sound beside a video, for one recording after the other; one thread at a time.

    It stays open between recordings: where a file's clock starts again, the next one goes on at the same place.
    """

    def __init__(self, medium: Medium, video: int | None, notify: Callable[[str], None]) -> None:
        """Of ``medium``, beside its video stream ``video`` (from 1; None: the best); nothing is opened yet.

        ``notify`` gets a line for the user where sound is lost, in the thread of the recording.
        """
        self._medium = medium
        self._video = video
        self._track: SoundTrack | None = None
        self._notify = notify
        self._told: set[str] = set()
        self.last_index: int | None = None
        """The last frame of the last recording, None before the first one."""

    def is_recordable(self, path: Path) -> bool:
        """Whether there is sound that a recording at ``path`` can hold; ``notify`` gets the reason where it cannot."""
        return self.open(path) is not None

    def open(self, path: Path) -> tuple[SoundTrack, dict[str, str]] | None:
        """The track, and the muxer's options for a recording of it at ``path``; None as in ``is_recordable``."""
        try:
            self._track = self._track or SoundTrack(self._medium, self._video)
        except LookupError:
            return None
        except UNREADABLE:
            self.tell("Sound is not recorded: the file's sound track is empty, or cannot be read.")
            return None
        options = options_with_sound(path.suffix, self._track)
        if options is not None:
            number, count = self._track.place
            if count > 1:
                self.tell(f"The video has {count} sound tracks, of which number {number} is recorded.")
            return self._track, options
        other = container_for(self._track)
        hint = f"Record to {other}" if other else "Convert the sound to AAC first"
        self.tell(f"Sound is not recorded: {path.suffix.lower()} cannot hold {self._track.codec}. {hint}.")
        return None

    def tell(self, line: str) -> None:
        """Give the user a line, once."""
        if line not in self._told:
            self._told.add(line)
            self._notify(line)

    def close(self) -> None:
        """Free everything; it may be opened again."""
        track, self._track = self._track, None
        if track is not None:
            track.close()
