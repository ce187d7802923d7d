"""Files of kinds that people reported to other programs as read wrongly: count, order, times and seeks are right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import pytest
from clipmaker import HEIGHT, WIDTH, number_in, numbered, write_clip
from coded_packets import encoded, write_packets
from field_pictures import field_pairs

from polyplive.sources.file import FileSource
from polyplive.sources.reading.decoder import Decoder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FPS = 25
PLANE = b"\0\0\1\xb6"
NOT_CODED = PLANE + b"\x50\x4f"
"""A plane of MPEG-4 that says that the picture stays."""


def check(path: Path, numbers: Sequence[int], times_s: Sequence[float]) -> None:
    """Whether ``path`` gives these numbered pictures at these times, and each of them again after a seek."""
    with FileSource(path) as source:
        frames = list(source)
        assert [frame.index for frame in frames] == list(range(len(numbers)))
        assert [number_in(frame.image) for frame in frames] == list(numbers)
        assert [frame.pts_s for frame in frames] == pytest.approx(times_s, abs=1e-3)
        assert source.dropped == {}
        assert source.info.frames == len(numbers)
        for frame in reversed(frames):
            source.seek(frame.pts_s)
            assert source.read().index == frame.index


def steps(count: int) -> list[float]:
    return [number / FPS for number in range(count)]


def is_key(packet: bytes) -> bool:
    return packet[packet.index(PLANE) + 4] >> 6 == 0


@pytest.mark.parametrize("ending", ["avi", "mkv"])
def test_two_planes_of_mpeg4_in_one_packet_are_two_frames(ending: str, tmp_path: Path) -> None:
    # DivX and Xvid in AVI: a frame and the B frame shown before it in one packet, then one that is not coded.
    planes = [bytes(packet) for packet in encoded("mpeg4", 40, bf="1", g="12")]
    packets: list[bytes] = []
    while planes:
        first = planes.pop(0)
        if is_key(first):
            start = first.index(PLANE)
            first = first[:start] + b"\0\0\1\xb2DivX503b1393p" + first[start:]
        if planes and planes[0][planes[0].index(PLANE) + 4] >> 6 == 2:
            packets += [first + planes.pop(0), NOT_CODED]
        else:
            packets.append(first)
    assert len(packets) == 40
    keys = {place for place, packet in enumerate(packets) if is_key(packet)}
    check(write_packets(tmp_path / f"a.{ending}", packets, "mpeg4", keys), range(40), steps(40))


@pytest.mark.parametrize("skipped", [NOT_CODED, b"\x7f"], ids=["plane that is not coded", "one byte"])
@pytest.mark.parametrize("ending", ["avi", "mp4"])
def test_a_frame_that_an_mpeg4_encoder_skipped_is_not_called_lost(ending: str, skipped: bytes, tmp_path: Path) -> None:
    packets, times_s = [], []
    for number, packet in enumerate(encoded("mpeg4", 30, g="12")):
        times_s.append(len(packets) / FPS)
        packets += [bytes(packet), *[skipped] * (number in (5, 12)), *[skipped] * (number == 12)]
    keys = {place for place, packet in enumerate(packets) if packet != skipped and is_key(packet)}
    check(write_packets(tmp_path / f"a.{ending}", packets, "mpeg4", keys), range(30), times_s)


@pytest.mark.parametrize("fields_a_packet", [1, 2])
@pytest.mark.parametrize("ending", ["h264", "ts", "mkv", "mp4"])
def test_two_pictures_that_are_fields_are_one_frame(ending: str, fields_a_packet: int, tmp_path: Path) -> None:
    pairs, path = field_pairs(30), tmp_path / f"a.{ending}"
    packets = [
        packet for pair in pairs for packet in (pair.fields if fields_a_packet == 1 else [b"".join(pair.fields)])
    ]
    if ending == "h264":
        path.write_bytes(b"".join(packets))
    else:
        times, keys = [], set()
        for place, pair in enumerate(pairs):
            keys |= {len(times)} if pair.is_key else set()
            times += [(2 * pair.number + field, 2 * (place - 2) + field) for field in range(3 - fields_a_packet)]
        write_packets(path, packets, "libx264", keys, times, ticks=2 * FPS)
    check(path, range(30), steps(30))


def test_a_stream_of_fields_that_was_cut_plays_from_its_first_intra_frame(tmp_path: Path) -> None:
    pairs = field_pairs(30)
    cut = next(place for place, pair in enumerate(pairs) if pair.number == 18)
    times = [(pair.number, place - 2) for place, pair in enumerate(pairs)][cut:]
    packets = [b"".join(pair.fields) for pair in pairs]
    parameters = packets[0][: packets[0].index(b"\0\0\0\1\x25")]
    packets[cut] = parameters + packets[cut]
    keys = {place - cut for place, pair in enumerate(pairs) if pair.is_key and place > cut}
    path = write_packets(tmp_path / "a.ts", packets[cut:], "libx264", {0, *keys}, times)
    with FileSource(path) as source:
        numbers = [number_in(frame.image) for frame in source]
        assert numbers == sorted(numbers)
        assert numbers[-1] == 29
        assert len(numbers) + sum(source.dropped.values()) == source.info.frames


@pytest.mark.parametrize(("name", "codec"), [("a.ts", "libx264"), ("a.h264", "libx264"), ("a.mpg", "mpeg2video")])
def test_a_seek_in_a_stream_without_index_decodes_from_near(
    name: str, codec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[object] = []
    read = Decoder.read
    monkeypatch.setattr(Decoder, "read", lambda decoder: decoded.append(decoder) or read(decoder))
    path = write_clip(tmp_path / name, 120, codec=codec, options={"g": "10", "bf": "2"})
    with FileSource(path) as source:
        for wanted in (100, 30, 70):
            decoded.clear()
            source.seek(wanted / FPS)
            frame = source.read()
            assert frame.index == number_in(frame.image) == wanted
            assert len(decoded) < 40


def test_a_video_that_goes_on_under_another_number_is_told(tmp_path: Path) -> None:
    parts = []
    for number in (0x100, 0x200):
        part = tmp_path / f"{number}.ts"
        with av.open(str(part), "w") as output:
            stream = output.add_stream("libx264", rate=FPS)
            stream.width, stream.height, stream.pix_fmt, stream.id = WIDTH, HEIGHT, "yuv420p", number
            for place in range(40):
                picture = av.VideoFrame.from_ndarray(numbered(place), format="bgr24")
                picture.pts = place
                output.mux(stream.encode(picture))
            output.mux(stream.encode())
        parts.append(part.read_bytes())
    path = tmp_path / "joined.ts"
    path.write_bytes(b"".join(parts))
    with FileSource(path) as source:
        assert len(list(source)) == 40
        assert "the video ends at 1.60 s; 5" in " ".join(source.info.notices)
    path.write_bytes(parts[0] + parts[0])
    with FileSource(path) as source:
        assert len(list(source)) == 80
        assert source.info.notices == ()
