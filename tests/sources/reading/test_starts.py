"""From where decoding begins after a seek, so that the picture is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from clipmaker import write_clip

from polyplive.sources.file import FileSource

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

OPEN = "open-gop=1:b-adapt=0:scenecut=0"


def parameter_sets(extradata: bytes) -> bytes:
    """The sets of an ``avcC``, each behind its length in four bytes, as a packet carries them."""
    sets, at = b"", 5
    for mask in (0x1F, 0xFF):
        count, at = extradata[at] & mask, at + 1
        for _ in range(count):
            size = int.from_bytes(extradata[at : at + 2], "big")
            sets += size.to_bytes(4, "big") + extradata[at + 2 : at + 2 + size]
            at += 2 + size
    return sets


def joined(folder: Path) -> Path:
    """Two streams of other parameters; those of the second stand in its first packet alone."""
    options = {"g": "10", "bf": "2", "x264-params": OPEN}
    parts = [write_clip(folder / f"{quality}.mp4", 40, options={**options, "qp": quality}) for quality in ("12", "36")]
    with av.open(str(folder / "both.mkv"), "w") as written:
        new, shift = None, 0
        for part in parts:
            with av.open(str(part)) as read:
                old = read.streams.video[0]
                carried = parameter_sets(old.codec_context.extradata) if new is not None else b""
                new = new or written.add_stream_from_template(old)
                for packet in read.demux(old):
                    if not packet.size:
                        continue
                    copy = av.Packet(carried + bytes(packet))
                    carried, copy.stream, copy.time_base = b"", new, packet.time_base
                    copy.is_keyframe = packet.is_keyframe
                    copy.pts = packet.pts + round(shift / packet.time_base)
                    copy.dts = packet.dts + round(shift / packet.time_base)
                    written.mux(copy)
            shift += 40 / 25
    return folder / "both.mkv"


def seeks_are_exact(path: Path, *, pixels: bool) -> int:
    with FileSource(path) as source:
        frames = list(source)
    images: list[NDArray[np.uint8]] = [frame.image for frame in frames]
    for frame in frames[1::3]:
        with FileSource(path) as fresh:
            fresh.seek(frame.pts_s)
            found = fresh.read()
        assert found is not None
        assert found.index == frame.index
        assert not pixels or np.array_equal(found.image, images[frame.index]), frame.index
    return len(frames)


def test_parameters_that_change_on_the_way_are_those_of_the_picture(tmp_path: Path) -> None:
    assert seeks_are_exact(joined(tmp_path), pixels=True) == 80


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_a_stream_that_refreshes_bit_by_bit_is_found_where_it_is_sought(name: str, tmp_path: Path) -> None:
    options = {"g": "12", "bf": "0", "x264-params": "intra-refresh=1:scenecut=0"}
    path = write_clip(tmp_path / name, 60, options=options)
    assert seeks_are_exact(path, pixels=False) == 60  # a refresh may leave faint traces of what was before
    with FileSource(path) as source:
        source.seek_frame(40)
        frames = list(source)
    assert [frame.index for frame in frames] == list(range(40, 60))
    assert not source.repaired, "frames that were stepped over on the way have their own times"


def test_the_last_frame_lasts_a_usual_step_whatever_pauses_there_are(tmp_path: Path) -> None:
    times = [*range(20), *range(10_000, 10_020)]
    with FileSource(write_clip(tmp_path / "a.mkv", 40, times=times, options={"bf": "0"})) as source:
        assert source.info.duration_s == pytest.approx(10_020 / 25)
