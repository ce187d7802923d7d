"""A recording's findings as exports take them: frame after frame, each with its track and what was decided of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from polyplive.review.decisions import Verdict
from polyplive.review.events_file import EventsFile
from polyplive.review.linking import Linker
from polyplive.system.file_names import file_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from polyplive.review.findings import FrameFindings
    from polyplive.review.tracks import Track
    from polyplive.types import Detection

Verdicts: TypeAlias = "Callable[[Sequence[Track]], Mapping[int, Verdict]]"
"""Gives what was decided of tracks, by their number; those that it leaves out are unseen."""

POLYP = "polyp"
"""The class of a finding whose model names none."""


class Only(Enum):
    """Which findings are exported, by what a person decided of their tracks; ``value`` is its word."""

    ALL = "all"
    ACCEPTED = "accepted"
    NOT_REJECTED = "not-rejected"

    def takes(self, verdict: Verdict) -> bool:
        """Whether findings of this verdict are exported."""
        if self is Only.ACCEPTED:
            return verdict is Verdict.ACCEPTED
        return self is Only.ALL or verdict is not Verdict.REJECTED


@dataclass(frozen=True, slots=True, eq=False)
class LinkedFinding:
    """A finding of one frame; ``track`` is the number of its track in the review, from 1, and ``label`` its class."""

    track: int
    label: str
    detection: Detection
    verdict: Verdict


@dataclass(frozen=True, slots=True, eq=False)
class LinkedFrame:
    """One analysed frame: ``index`` from 0, ``time_s`` in the video, size in pixels, and its findings.

    ``gone`` are the tracks of the analysed frame before that are not seen in this one. ``loose`` are findings with too
    little evidence to be in a track.
    """

    index: int
    time_s: float
    width: int
    height: int
    findings: tuple[LinkedFinding, ...]
    gone: tuple[int, ...] = ()
    loose: tuple[Detection, ...] = ()


class LinkedFindings:
    """The findings of an events file with the tracks of the review; one thread.

    ``frames`` reads the file anew each time, so that an hour needs no more memory than a place for each sighting. It
    gives each frame once, in order of ``index``: a session that went back shows frames twice, of which the first
    counts, and is held in memory to be sorted. ``verdicts`` are asked once, for all tracks; None: nothing was decided.
    Raises ``DataError`` for what is no events file.
    """

    def __init__(self, path: str | Path, verdicts: Verdicts | None = None, only: Only = Only.ALL) -> None:
        self._path = Path(path)
        self._verdicts: Mapping[int, Verdict] = {}
        self._events = EventsFile(self._path)
        self.session = self._events.session
        self.sizes: tuple[tuple[int, int], ...] = ()
        """Each size of the picture, in order of appearance, as (width, height); the session's where no frame is."""
        self.analysed = 0
        """How many frames were analysed."""
        self.frame_count = 0
        """How many frames the recording has, as far as is known: analysed or not."""
        self._is_ordered = True
        self.takes_loose = True
        """Whether findings in no track are wanted: nobody can accept them."""
        self._places: dict[tuple[int, int], Track] = {}
        self.tracks = self._link(verdicts, only)
        """Those that are exported."""

    @property
    def name(self) -> str:
        """The recording's file name without folder."""
        return file_name(self.session.source)

    @property
    def stem(self) -> str:
        """The recording's name without folder and ending."""
        return Path(self.name).stem or "recording"

    @property
    def size(self) -> tuple[int, int]:
        """The first size of the picture: (width, height)."""
        return self.sizes[0]

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes of all findings, in order; at least one."""
        return tuple(sorted({label_of(track) for track in self.tracks})) or (POLYP,)

    def verdict(self, track: int) -> Verdict:
        """What was decided of the track with this number."""
        return self._verdicts.get(track, Verdict.UNSEEN)

    def events(self) -> EventsFile:
        """The events file, opened anew."""
        return EventsFile(self._path)

    def frame_name(self, index: int, ending: str) -> str:
        """The name of a frame's picture, such as ``procedure_000120.png``; ``ending`` has its dot."""
        return f"{self.stem}_{index:06d}{ending}"

    def frames(self) -> Iterator[LinkedFrame]:
        """Every analysed frame once, in order of ``index``. Raises ``DataError``."""
        shown: tuple[int, ...] = ()
        exported = {track.number for track in self.tracks}
        for frame in self._ordered():
            found, loose = [], []
            for detection in frame.detections:
                track = self._places.get((frame.index, detection.track))
                if track is None:
                    loose.append(detection)
                elif track.number in exported:
                    verdict = self.verdict(track.number)
                    found.append(LinkedFinding(track.number, label_of(track), detection, verdict))
            numbers = tuple(one.track for one in found)
            gone = tuple(number for number in shown if number not in numbers)
            size = frame.width, frame.height
            yield LinkedFrame(frame.index, frame.time_s, *size, tuple(found), gone, tuple(loose))
            shown = numbers

    def _link(self, verdicts: Verdicts | None, only: Only) -> tuple[Track, ...]:
        tracks = self._linked()
        if tracks is None:
            self._is_ordered = False
            tracks = self._linked()
        assert tracks is not None
        if verdicts is not None:
            self._verdicts = verdicts(tracks)
        self._places = {(one.index, one.events_track): track for track in tracks for one in track.sightings}
        self.takes_loose = only is not Only.ACCEPTED
        return tuple(track for track in tracks if only.takes(self.verdict(track.number)))

    def _linked(self) -> tuple[Track, ...] | None:
        """All tracks; None where a frame comes after a later one."""
        linker, last, self.analysed = Linker(self.session.frame_s), -1, 0
        sizes: dict[tuple[int, int], None] = {}
        for frame in self._ordered():
            if frame.index <= last:
                return None
            linker.add(frame)
            sizes[frame.width, frame.height] = None
            last, self.analysed = frame.index, self.analysed + 1
        self.sizes = tuple(sizes) or ((self.session.width, self.session.height),)
        is_whole = self._events.end is not None and self._events.end.get("reason") == "end of file"
        self.frame_count = last + 1 if is_whole else max(last + 1, self.session.frames or 0)
        return linker.tracks()

    def _ordered(self) -> Iterable[FrameFindings]:
        frames = self._events.frames()
        if self._is_ordered:
            return frames
        first: dict[int, FrameFindings] = {}
        for frame in frames:
            first.setdefault(frame.index, frame)
        return [first[index] for index in sorted(first)]


def label_of(track: Track) -> str:
    """The class of a track's findings."""
    return track.label or POLYP
