"""Random time lines for short videos: real packets, written to real containers with any stamps."""

from __future__ import annotations

import io
from bisect import bisect_left
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import av
import numpy as np
from clipmaker import numbered
from stamped_files import WRAP, program_stream, set_edits, stamp_flv, stamp_ts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

STEP = 40
"""Milliseconds between the frames of a steady clock."""
LENGTHS = (14, 26, 40, 60)
_MS = Fraction(1, 1000)
_FREE = frozenset({"mp4", "mov", "fragmented mp4", "mkv", "nut", "ts", "ps", "flv"})
_PATCHED = frozenset({"ts", "ps", "flv"})
_X264 = {"preset": "ultrafast", "g": "10", "b_strategy": "0"}
CODECS: dict[str, tuple[str, str, dict[str, str]]] = {
    "h264": ("libx264", "yuv420p", {**_X264, "bf": "0"}),
    "h264 B": ("libx264", "yuv420p", {**_X264, "bf": "3"}),
    "h264 open": ("libx264", "yuv420p", {**_X264, "bf": "3", "x264-params": "open-gop=1:b-pyramid=normal"}),
    "mpeg4": ("mpeg4", "yuv420p", {"g": "10", "bf": "0"}),
    "mpeg4 B": ("mpeg4", "yuv420p", {"g": "10", "bf": "2"}),
    "mpeg2": ("mpeg2video", "yuv420p", {"g": "10", "bf": "0"}),
    "mpeg2 B": ("mpeg2video", "yuv420p", {"g": "10", "bf": "2"}),
    "mjpeg": ("mjpeg", "yuvj420p", {}),
    "flv1": ("flv", "yuv420p", {"g": "10"}),
}


@dataclass(frozen=True)
class Kind:
    """What a file is made of: a codec of ``CODECS`` in a container."""

    codec: str
    container: str

    @property
    def suffix(self) -> str:
        return {"fragmented mp4": "mp4", "ps": "mpg"}.get(self.container, self.container)


@dataclass(frozen=True)
class Clip:
    """One encoded video: its packets in file order, and the place of each in order of presentation."""

    file: bytes
    packets: list[tuple[bytes, bool]]
    places: list[int]

    @property
    def reorders(self) -> bool:
        return self.places != sorted(self.places)


@cache
def clip(codec: str, frames: int) -> Clip:
    encoder, pixels, options = CODECS[codec]
    file = io.BytesIO()
    with av.open(file, "w", format="nut") as output:
        stream = output.add_stream(encoder, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 96, 64, pixels
        for number in range(frames):
            picture = av.VideoFrame.from_ndarray(numbered(number), format="bgr24")
            picture.pts, picture.time_base = number, Fraction(1, 25)
            output.mux(stream.encode(picture))
        output.mux(stream.encode())
    with av.open(io.BytesIO(file.getvalue())) as made:
        packets = [packet for packet in made.demux(video=0) if packet.size]
    places = np.argsort(np.argsort([packet.pts for packet in packets])).tolist()
    return Clip(file.getvalue(), [(bytes(packet), packet.is_keyframe) for packet in packets], places)


@dataclass
class TimeLine:
    """The times of a video's frames and what the file says of them, in milliseconds and order of presentation."""

    kind: Kind
    frames: int
    true: list[int]
    stamps: list[int | None]
    faults: list[str] = field(default_factory=list)
    lost: set[int] = field(default_factory=set)
    pieces: list[int] = field(default_factory=lambda: [0])
    edits: list[tuple[int, int]] = field(default_factory=list)
    both: bool = False
    options: dict[str, str] = field(default_factory=dict)

    @property
    def clip(self) -> Clip:
        return clip(self.kind.codec, self.frames)

    @property
    def may_lose_frames(self) -> bool:
        """Whether some frames cannot be decoded: packets are lost, or a part begins at an open group of pictures."""
        return bool(self.lost or (self.edits and self.kind.codec == "h264 open"))

    @property
    def broken(self) -> set[int]:
        return {place for place in range(self.frames) if self.stamps[place] != self.true[place]}

    def write(self, path: Path) -> None:
        """Write the file. Raises ``av.FFmpegError`` or ``ValueError`` where the container cannot hold the stamps."""
        bounds = [*self.pieces, self.frames]
        if self.kind.container in ("ts", "ps") and len(bounds) > 2:
            parts = [self._patched(path, self._packets(*part)) for part in pairwise(bounds)]
            path.write_bytes(b"".join(parts))
        elif self.kind.container in _PATCHED:
            path.write_bytes(self._patched(path, self._packets(0, self.frames)))
        else:
            self._mux(path, self._packets(0, self.frames))
            if self.edits:
                file = bytearray(path.read_bytes())
                set_edits(file, self.edits)
                path.write_bytes(file)

    def _packets(self, first: int, end: int) -> list[tuple[bytes, bool, int | None, int]]:
        """Data, key frame, PTS and DTS of the packets from frame ``first`` to ``end``, in file order."""
        made, later = self.clip, _delay(self.clip.places)
        times = self.true[first:end]
        times = [times[0] - STEP * (later - i) for i in range(later)] + times
        inside = [k for k in range(self.frames) if first <= made.places[k] < end]
        packets = []
        for order, k in enumerate(inside):
            pts, dts = self.stamps[made.places[k]], times[order]
            if self.both and pts is not None:
                dts += pts - self.true[made.places[k]]
            if k not in self.lost:
                packets.append((*made.packets[k], pts, dts))
        return packets

    def _mux(self, path: Path, packets: Sequence[tuple[bytes, bool, int | None, int]]) -> None:
        if self.kind.container in _FREE and any(pts is None or pts < dts for _, _, pts, dts in packets):
            # Decoding times long before: so any order of presentation times is allowed.
            low = min(pts for _, _, pts, _ in packets if pts is not None) - len(packets)
            packets = [(data, key, pts, low + i) for i, (data, key, pts, _) in enumerate(packets)]
        form = {"ts": "mpegts", "mkv": "matroska", "fragmented mp4": "mp4"}.get(self.kind.container)
        options = {"movflags": "frag_keyframe+empty_moov"} if self.kind.container == "fragmented mp4" else {}
        if self.kind.container == "nut" and self.faults:
            options = {"write_index": "0"}  # FFmpeg aborts on an index that does not rise
        with (
            av.open(io.BytesIO(self.clip.file)) as made,
            av.open(str(path), "w", format=form, options={**options, **self.options}) as output,
        ):
            stream = output.add_stream_from_template(made.streams.video[0])
            # AVI has no stamps, only empty packets in the place of the frames that a pause leaves out.
            unit = STEP if self.kind.container == "avi" else 1
            stream.time_base = unit * _MS
            for data, key, pts, dts in packets:
                packet = av.Packet(data)
                packet.stream, packet.time_base, packet.is_keyframe = stream, unit * _MS, key
                packet.pts, packet.dts = None if pts is None else pts // unit, dts // unit
                output.mux(packet)

    def _patched(self, path: Path, packets: Sequence[tuple[bytes, bool, int | None, int]]) -> bytes:
        if self.kind.container == "ps":
            return program_stream(packets)
        steady = [(data, key, 1000 + STEP * i, 999 + STEP * i) for i, (data, key, _, _) in enumerate(packets)]
        self._mux(path, steady)
        stamps = [(pts, dts) for _, _, pts, dts in packets]
        file = bytearray(path.read_bytes())
        (stamp_flv if self.kind.container == "flv" else stamp_ts)(file, stamps)
        return bytes(file)


def _delay(places: list[int]) -> int:
    return max(k - place for k, place in enumerate(places))


class Draw:
    """Draws a time line from a seed: a clock, then what is wrong with it."""

    def __init__(self, kind: Kind, seed: int) -> None:
        self.kind = kind
        self.chance = np.random.default_rng([*map(ord, f"{kind.codec} in {kind.container}"), seed])

    def line(self) -> TimeLine:
        frames = int(self.chance.choice(LENGTHS))
        true = self._clock(frames)
        line = TimeLine(self.kind, frames, true, list(true))
        if self.kind.container in ("mp4", "mov"):
            line.options = {"use_editlist": str(self._below(2))}
        line.both = self.kind.container in _PATCHED and bool(self._below(2))
        faults = [*self._possible(line)]
        for _ in range(int(self.chance.choice([0, 1, 1, 1, 1, 2]))):
            if not faults:
                break
            fault = faults.pop(self._below(len(faults)))
            line.faults.append(fault.__name__)
            fault(line)
            alone = (self.decoding_times, self.lost_packets, self.missing, self.cut_and_pasted, self.nonsense)
            faults = [] if fault in alone else [other for other in faults if other not in alone]
        return line

    def _below(self, end: int, start: int = 0) -> int:
        return int(self.chance.integers(start, end))

    def _clock(self, frames: int) -> list[int]:
        start = self._below(100) * STEP
        if self.kind.container == "avi":
            steady = clip(self.kind.codec, frames).reorders or self._below(2)
            gaps = [1 if steady or self._below(8) else self._below(40) for _ in range(frames - 1)]
            return (np.cumsum([0, *gaps]) * STEP).tolist()
        steps = {
            0: lambda: STEP,
            1: lambda: self._below(STEP + 15, STEP - 15),
            2: lambda: int(self.chance.choice([7, 20, 33, 40, 180])),
        }[self._below(3)]
        gaps = [steps() for _ in range(frames - 1)]
        for _ in range(int(self.chance.choice([0, 0, 1, 2]))):
            gaps[self._below(frames - 1)] += int(10 ** self.chance.uniform(2, 5))
        if self.kind.container in ("ts", "ps"):
            start = int(self.chance.choice([start, 36_000_000, WRAP // 90 - self._below(2000)]))
        elif not self._below(4):
            start = self._below(36_000_000)
        return (start + np.cumsum([0, *gaps])).tolist()

    def _possible(self, line: TimeLine) -> list[Callable[[TimeLine], None]]:
        container, reorders = self.kind.container, line.clip.reorders
        if container == "avi":
            return [self.lost_packets]
        faults = [self.outliers, self.outliers, self.duplicates, self.lost_packets, self.nonsense]
        if container in ("ts", "ps"):
            faults.append(self.missing)
        if container in ("ts", "ps", "flv", "mkv", "nut") and self.kind.codec != "h264 open":
            faults.append(self.restarts)
        if container in ("mp4", "mov"):
            faults += [self.hidden_start, self.cut_and_pasted]
        if reorders:
            faults += [self.decoding_times, self.some_decoding_times]
        return faults

    def outliers(self, line: TimeLine) -> None:
        """One to three frames, or two in a row, are ahead of or behind their time by up to ten hours."""
        for _ in range(self._below(4, 1)):
            shift = int(10 ** self.chance.uniform(2, 7.55)) * (1 if self._below(2) else -1)
            first = self._below(line.frames) if self._below(4) else 0
            group = range(first, min(first + self._below(3, 1), line.frames))
            if _apart(line, group):
                for place in group:
                    line.stamps[place] = line.true[place] + shift

    def nonsense(self, line: TimeLine) -> None:
        """Every stamp is drawn by itself."""
        line.stamps = [line.true[0] + self._below(36_000_000) for _ in line.true]

    def duplicates(self, line: TimeLine) -> None:
        """One to three frames have the stamp of the frame before."""
        for place in self.chance.choice(range(1, line.frames), self._below(4, 1), replace=False).tolist():
            if _apart(line, range(place - 1, place + 1)):
                line.stamps[place] = line.true[place - 1]

    def missing(self, line: TimeLine) -> None:
        for place in self.chance.choice(line.frames, self._below(line.frames // 2, 1), replace=False).tolist():
            line.stamps[place] = None

    def decoding_times(self, line: TimeLine) -> None:
        """Every frame has its decoding time in the place of its presentation time."""
        line.both = False
        line.stamps = [line.true[line.clip.places.index(place)] for place in range(line.frames)]

    def some_decoding_times(self, line: TimeLine) -> None:
        """Five packets in a row have their decoding time in the place of their presentation time."""
        first, places = self._below(line.frames - 5), line.clip.places
        group = places[first : first + 5]
        if _apart(line, group):
            for k, place in enumerate(group, first):
                line.stamps[place] = line.true[max(0, k - _delay(places))]

    def restarts(self, line: TimeLine) -> None:
        """At one or two key frames the clock starts again."""
        places, made = line.clip.places, line.clip
        keys = [places[k] for k in range(line.frames) if made.packets[k][1] and 16 <= places[k] <= line.frames - 16]
        chosen = self.chance.choice(keys, min(len(keys), self._below(3, 1)), replace=False) if keys else []
        for first in sorted(map(int, chosen)):
            back = line.true[first] - line.true[0] - STEP * self._below(3)
            if line.true[first + 15] - back > line.true[first - 1] or not _apart(line, range(first - 2, first + 2)):
                continue  # a few frames that go back are no new clock
            line.pieces.append(first)
            for place in range(first, line.frames):
                line.true[place] -= back
                if (stamp := line.stamps[place]) is not None:
                    line.stamps[place] = stamp - back

    def hidden_start(self, line: TimeLine) -> None:
        """An edit list hides the first frames, as after a cut without a new encoding."""
        start = line.true[self._below(line.frames // 2, 1)]
        line.true = [time - start for time in line.true]
        line.stamps = [None if stamp is None else stamp - start for stamp in line.stamps]
        line.options = {"use_editlist": "1", "avoid_negative_ts": "disabled"}

    def cut_and_pasted(self, line: TimeLine) -> None:
        """An edit list shows two or three parts of the track, some of it perhaps twice."""
        later = _delay(line.clip.places) * STEP
        bounds = self.chance.choice(line.true, (self._below(4, 2), 2)).tolist()
        line.edits = [(later + min(part) - line.true[0], abs(part[1] - part[0]) + STEP) for part in bounds]
        line.options = {"use_editlist": "0"}

    def lost_packets(self, line: TimeLine) -> None:
        line.lost = set(self.chance.choice(range(1, line.frames), self._below(4, 1), replace=False).tolist())


def _apart(line: TimeLine, group: Sequence[int]) -> bool:
    """Whether no frame nearby is wrong yet: among many wrong ones, nothing says which are right."""
    wrong = line.broken | {joint + side for joint in line.pieces[1:] for side in (-1, 0)}
    return not any(abs(place - other) <= 6 for place in group for other in wrong)


def certain(stamps: Sequence[float | None]) -> set[int]:
    """The places that are part of every longest strictly rising choice of ``stamps``."""
    forward = _lengths(stamps)
    backward = _lengths([None if stamp is None else -stamp for stamp in reversed(stamps)])[::-1]
    longest = max(forward, default=0)
    on = [i for i, stamp in enumerate(stamps) if stamp is not None and forward[i] + backward[i] - 1 == longest]
    levels = [forward[i] for i in on]
    return {i for i in on if levels.count(forward[i]) == 1}


def _lengths(stamps: Sequence[float | None]) -> list[int]:
    ends: list[float] = []
    lengths = []
    for stamp in stamps:
        if stamp is None:
            lengths.append(0)
            continue
        at = bisect_left(ends, stamp)
        ends[at : at + 1] = [stamp]
        lengths.append(at + 1)
    return lengths
