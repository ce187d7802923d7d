"""The order of pictures as their headers tell it is the decoder's."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from av.codec.context import Flags

from polyplive.sources.reading.display_order.bits import BitReader
from polyplive.sources.reading.display_order.codecs import display_order

if TYPE_CHECKING:
    from pathlib import Path

FRAMES = 50

STREAMS = {
    "H.264 without B frames": ("a.mp4", "libx264", {"bf": "0", "g": "12"}),
    "H.264": ("a.mp4", "libx264", {"bf": "3", "g": "12", "b_strategy": "0"}),
    "H.264 behind start codes": ("a.ts", "libx264", {"bf": "3", "g": "12", "b_strategy": "0"}),
    "H.264, pyramid": ("a.mkv", "libx264", {"bf": "5", "g": "20", "x264-params": "b-adapt=0:b-pyramid=normal"}),
    "H.264, open groups": ("a.mp4", "libx264", {"bf": "3", "g": "12", "x264-params": "open-gop=1:b-adapt=0"}),
    "H.264, interlaced": ("a.mkv", "libx264", {"bf": "3", "g": "12", "x264-params": "tff=1:b-adapt=0"}),
    "H.264, ten bits": ("a.mp4", "libx264", {"bf": "2", "g": "12", "b_strategy": "0"}),
    "HEVC": ("a.mp4", "libx265", {"x265-params": "keyint=12:bframes=4:b-adapt=0:open-gop=0:log-level=none"}),
    "HEVC, open groups": (
        "a.ts",
        "libx265",
        {"x265-params": "keyint=12:bframes=4:b-adapt=0:open-gop=1:log-level=none"},
    ),
    "MPEG-2": ("a.ts", "mpeg2video", {"bf": "2", "g": "12"}),
    "MPEG-1": ("a.mpg", "mpeg1video", {"bf": "2", "g": "12"}),
    "MPEG-4": ("a.avi", "mpeg4", {"bf": "2", "g": "12"}),
}


def written(path: Path, codec: str, options: dict[str, str], pixels: str) -> None:
    slope = np.add.outer(np.arange(48) * 3, np.arange(64) * 2)[..., None].astype(np.uint8).repeat(3, axis=2)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 64, 48, pixels
        for number in range(FRAMES):
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(np.roll(slope, number, axis=1)), format="bgr24")
            picture.pts, picture.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))


@pytest.mark.parametrize("name", STREAMS)
def test_headers_tell_the_decoders_order(name: str, tmp_path: Path) -> None:
    file, codec, options = STREAMS[name]
    written(tmp_path / file, codec, options, "yuv420p10le" if "ten bits" in name else "yuv420p")
    decoded: list[int] = []
    with av.open(str(tmp_path / file)) as container:
        stream = container.streams.video[0]
        stream.codec_context.flags |= Flags.copy_opaque
        order = display_order(stream.codec_context.name, stream.codec_context.extradata or b"")
        assert order is not None
        keys = []
        for place, packet in enumerate(packet for packet in container.demux(stream) if packet.size):
            order.add(bytes(packet))
            if packet.is_keyframe:
                keys.append(place)
            packet.opaque = (place,)
            decoded += [picture.opaque[0] for picture in stream.codec_context.decode(packet)]
        decoded += [picture.opaque[0] for picture in stream.codec_context.decode(None)]
    told = order.keys()
    assert len(told) == FRAMES
    assert len(keys) > 2
    assert None not in told
    by_headers = [
        place for begin, end in pairwise([*keys, FRAMES]) for place in sorted(range(begin, end), key=told.__getitem__)
    ]
    assert by_headers == decoded
    assert (decoded == sorted(decoded)) == ("without B" in name), "this stream was meant to be reordered"
    assert order.without_picture() == set()


def exponential_golomb(value: int) -> str:
    digits = f"{value + 1:b}"
    return "0" * (len(digits) - 1) + digits


def unit(header: int, *codes: str) -> bytes:
    """A NAL unit behind a start code: its header byte, then bits (ISO 14496-10, 7.3)."""
    digits = "".join(codes) + "1"
    digits += "0" * (-len(digits) % 8)
    return b"\0\0\1" + bytes([header]) + int(digits, 2).to_bytes(len(digits) // 8, "big")


def picture(header: int, frame: int, count: int, structure: str) -> bytes:
    """The beginning of a slice of H.264, of a frame ("0"), a top field ("10") or a bottom field ("11")."""
    idr = exponential_golomb(0) if header & 31 == 5 else ""
    slice_type = exponential_golomb(7)
    return unit(header, "1", slice_type, "1", f"{frame:04b}", structure, idr, f"{count:04b}", "0" * 16)


def test_the_second_field_of_a_frame_in_packets_of_its_own_is_no_frame() -> None:
    one = exponential_golomb(1)
    sequence = unit(0x67, f"{77:08b}", "0" * 8, f"{30:08b}", "1", "1", "1", "1", one, "0", one, one, "0")
    parameters = sequence + unit(0x68, "1", "1")
    whole, top, bottom, idr, reference, other = "0", "10", "11", 0x65, 0x61, 0x01
    packets = [
        (idr, 0, 0, top),
        (reference, 0, 1, bottom),
        (reference, 1, 6, bottom),  # the bottom field may come first
        (reference, 1, 7, top),
        (other, 2, 2, top),
        (other, 2, 3, bottom),
        (other, 2, 4, top),  # of the next frame, which refers to the same
        (other, 2, 5, bottom),
        (reference, 2, 8, whole),
        (reference, 3, 10, top),  # its second field is lost
        (reference, 4, 12, top),
        (reference, 4, 13, bottom),
        (idr, 0, 0, top),
        (reference, 0, 1, bottom),
    ]
    order = display_order("h264", parameters)
    assert order is not None
    for packet in packets:
        order.add(picture(*packet))
    assert order.without_picture() == {1, 3, 5, 7, 11, 13}
    keys = order.keys()
    assert None not in keys
    assert sorted(range(12), key=keys.__getitem__) == [0, 1, 4, 5, 6, 7, 2, 3, 8, 9, 10, 11]
    assert min(keys[12:]) > max(keys[:12]), "behind an instant refresh all is shown later"


@pytest.mark.parametrize("codec", ["h264", "hevc", "mpeg2video", "mpeg4"])
def test_damaged_headers_tell_nothing_and_raise_nothing(codec: str) -> None:
    chance = np.random.default_rng(5)
    for extradata in (
        b"",
        b"\x01",
        b"\x01" + bytes(chance.integers(0, 256, 60, np.uint8)),
        b"\0\0\1\x67",
        b"\0\0\1\x42",
    ):
        order = display_order(codec, extradata)
        assert order is not None
        packets = [bytes(chance.integers(0, 256, size, np.uint8)) for size in (1, 2, 5, 40, 400)]
        packets += [b"\0\0\1" + packet for packet in packets] + [b"\0\0\1\x67" + packet for packet in packets]
        for packet in packets:
            order.add(packet)
        assert len(order.keys()) == len(packets)


def test_numbers_in_exponential_golomb_code() -> None:
    # ISO 14496-10, table 9-2: 1, 010, 011, 00100, 00101 are 0 to 4; as signed numbers 0, 1, -1, 2, -2.
    bits = BitReader(int("101001100100001010000000", 2).to_bytes(3, "big"))
    assert [bits.unsigned() for _ in range(5)] == [0, 1, 2, 3, 4]
    bits = BitReader(int("101001100100001010000000", 2).to_bytes(3, "big"))
    assert [bits.signed() for _ in range(5)] == [0, 1, -1, 2, -2]
    with pytest.raises(IndexError):
        BitReader(b"\0\0").unsigned()


def test_bytes_against_false_start_codes_are_no_part_of_a_number() -> None:
    assert BitReader(b"\x00\x00\x03\x01").bits(24) == 1
