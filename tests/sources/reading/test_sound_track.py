"""The sound track of a file: its packets by time, near the pictures, past wrong stamps."""

from __future__ import annotations

import io
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import av
import pytest
from clipmaker import write_clip
from sound_clips import write_marked
from stream_servers import Answers, http

from polyplive.sources.capture.address import parse_address
from polyplive.sources.device import DeviceSource
from polyplive.sources.reading.medium import FileMedium
from polyplive.sources.reading.sound import SoundTrack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stream_servers import Server

PACKET_S = Fraction(1024, 48000)


class CountedMedium(FileMedium):
    """Counts the bytes that are read of a file."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.read = 0

    def open(self) -> io.RawIOBase:  # type: ignore[override]
        medium = self

        class Counted(io.FileIO):
            def read(self, size: int = -1) -> bytes:
                data = super().read(size)
                medium.read += len(data)
                return data

        return Counted(self.path)


def begins(track: SoundTrack, until_s: float) -> list[float]:
    return [float(packet.begin_s) for packet in track.until(Fraction(until_s))]


def with_stamps(source: Path, path: Path, changed: dict[int, float | None]) -> Path:
    """The same file, with other stamps of some packets of sound (seconds; None: no stamp)."""
    with av.open(str(source)) as read, av.open(str(path), "w") as output:
        streams = {stream.index: output.add_stream_from_template(stream) for stream in read.streams}
        count = 0
        for packet in read.demux():
            if packet.dts is None:
                continue
            if packet.stream.type == "audio":
                if count in changed:
                    stamp = changed[count]
                    packet.pts = None if stamp is None else round(stamp / packet.time_base)
                count += 1
            packet.stream = streams[packet.stream.index]
            output.mux(packet)
    return path


@pytest.mark.parametrize("changed", [{20: 3600.0}, {20: 2.9}, {20: 5000.0, 60: 90.0}])
def test_a_stamp_that_is_wrong_alone_moves_nothing(changed: dict[int, float | None], tmp_path: Path) -> None:
    source = write_marked(tmp_path / "a.mkv", sound_s=(0.0, 3.0))
    plain = SoundTrack(FileMedium(source))
    expected = begins(plain, 10.0)
    plain.close()
    track = SoundTrack(FileMedium(with_stamps(source, tmp_path / "b.mkv", changed)))
    assert begins(track, 10.0) == pytest.approx(expected, abs=2e-3)
    assert not track.is_damaged
    track.close()


def test_a_short_part_that_is_there_twice_is_passed_over(tmp_path: Path) -> None:
    source, path = write_marked(tmp_path / "a.ts", "mp2"), tmp_path / "twice.ts"
    data = source.read_bytes()
    packets = [data[at : at + 188] for at in range(0, len(data), 188)]
    middle = len(packets) // 2
    sound = [packet for packet in packets[middle // 2 : middle] if (packet[1] & 31) << 8 | packet[2] == 257]
    path.write_bytes(b"".join([*packets[:middle], *sound, *packets[middle:]]))
    plain, track = SoundTrack(FileMedium(source)), SoundTrack(FileMedium(path))
    expected, found = begins(plain, 10.0), begins(track, 10.0)
    assert all(after > before - 0.06 for before, after in pairwise(found))
    assert len(set(found)) > len(expected) - 4, "all but those at the seams"
    assert set(found) <= set(expected)
    plain.close()
    track.close()


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_any_place_can_be_gone_to_in_any_order(name: str, tmp_path: Path) -> None:
    track = SoundTrack(FileMedium(write_marked(tmp_path / name, picture_s=(0.0, 8.0), sound_s=(0.0, 8.0))))
    zero = float(track.head().begin_s)
    for at_s in (0.0, 5.0, 1.3, 7.0, 6.98, 0.5, 0.5):
        place = Fraction(zero + at_s).limit_denominator(90_000)
        track.begin_at(place)
        found = begins(track, float(place) + 0.5)
        assert found[0] == pytest.approx(float(place), abs=float(PACKET_S) + 1e-3)
        assert found[-1] == pytest.approx(float(place) + 0.5, abs=float(PACKET_S) + 1e-3)
        assert found == sorted(found)
    track.close()


def test_pcm_is_cut_at_the_sample(tmp_path: Path) -> None:
    track = SoundTrack(FileMedium(write_marked(tmp_path / "a.mov", "pcm_s16le")))
    track.begin_at(Fraction(12_345, 48_000))
    found = list(track.until(Fraction(23_456, 48_000)))
    assert (found[0].begin_s, found[-1].end_s) == (Fraction(12_345, 48_000), Fraction(23_456, 48_000))
    assert sum(len(packet.data) for packet in found) == 2 * (23_456 - 12_345)
    following = list(track.until(Fraction(24_000, 48_000)))
    assert following[0].begin_s == found[-1].end_s
    track.close()


def test_what_lies_far_behind_the_pictures_is_not_looked_for(tmp_path: Path) -> None:
    """A sound track that ends early would otherwise cost a read of the whole file, while the pictures wait."""
    source = write_marked(tmp_path / "a.mkv", video="mjpeg", picture_s=(0.0, 60.0), sound_s=(0.0, 0.5))
    medium = CountedMedium(source)
    track = SoundTrack(medium)
    begin_s = float(track.head().begin_s)
    assert len(begins(track, begin_s + 0.5)) > 20
    assert begins(track, begin_s + 3.0) == []
    assert medium.read < source.stat().st_size // 2
    track.close()


def test_of_a_network_stream_with_sound_it_is_said_that_it_is_not_recorded(
    tmp_path: Path, serve: Callable[[Server], Server]
) -> None:
    server = serve(Answers(http(write_marked(tmp_path / "a.ts").read_bytes())))
    source = DeviceSource(parse_address(f"http://127.0.0.1:{server.port}/"))
    source.close()
    assert source.info.notices == ("has sound, which is neither played nor recorded",)


def test_a_file_without_sound_has_no_track(tmp_path: Path) -> None:
    with pytest.raises(LookupError):
        SoundTrack(FileMedium(write_clip(tmp_path / "a.mp4", 5)))
