"""The sound of a recording: copied from its source, and in time with the pictures."""

from __future__ import annotations

import contextlib
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import pytest
from clipmaker import write_clip
from sound_clips import FPS, FRAME_S, MARKS_S, SECONDS, beeps, flashes, payloads, recorded, write_marked

from polyplive.sinks.frame_list import FrameList
from polyplive.sinks.h264 import EXACT
from polyplive.sinks.sound_source import SoundSource
from polyplive.sinks.video_encoder import VideoEncoder
from polyplive.sinks.video_file import VideoFile
from polyplive.sources.file import FileSource
from polyplive.system.private_files import create_private

if TYPE_CHECKING:
    from pathlib import Path

SOURCES: dict[str, tuple[str, str]] = {
    "a.mp4": ("aac", "libx264"),
    "a.mkv": ("libopus", "libx264"),
    "a.ts": ("aac", "libx264"),
    "ac3.ts": ("ac3", "libx264"),
    "a.avi": ("mp3", "mpeg4"),
    "pcm.avi": ("pcm_s16le", "mjpeg"),
    "a.mpg": ("mp2", "mpeg2video"),
    "a.mov": ("alac", "libx264"),
}
OUTPUTS = [".mp4", ".mkv", ".mov"]


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("sources")
    return {name: write_marked(folder / name, *codecs) for name, codecs in SOURCES.items()}


def check_in_time(path: Path, marks: list[float]) -> None:
    """Flashes are at ``marks`` (in AVI up to a frame later), and each beep within a frame of its flash."""
    assert flashes(path) == pytest.approx(marks, abs=1.1 * FRAME_S)
    assert beeps(path) == pytest.approx(flashes(path), abs=FRAME_S)


def sound_span(path: Path) -> tuple[float, float]:
    """When the sound begins and ends, in seconds."""
    with av.open(str(path)) as container:
        heard = [frame for frame in container.decode(audio=0) if frame.pts is not None]
    return float(heard[0].time), float(heard[-1].time) + heard[-1].samples / heard[-1].sample_rate


@pytest.mark.parametrize("suffix", OUTPUTS)
@pytest.mark.parametrize("name", SOURCES)
def test_beeps_are_at_their_flashes_also_after_a_trim(
    name: str, suffix: str, sources: dict[str, Path], tmp_path: Path
) -> None:
    refused = {("pcm.avi", ".mp4"), ("a.mkv", ".mov")}
    whole, part = tmp_path / f"whole{suffix}", tmp_path / f"part{suffix}"
    said = recorded(sources[name], whole)
    if (name, suffix) in refused:
        assert len(said) == 1
        assert "Sound is not recorded" in said[0]
        assert said[0].endswith("Record to .mkv.")
        assert beeps(whole) is None
        return
    assert said == []
    check_in_time(whole, list(MARKS_S))
    assert recorded(sources[name], part, start_s=1.0, frames=50) == []
    check_in_time(part, [mark - 1.0 for mark in MARKS_S[1:]])
    begin, end = sound_span(part)
    assert 0 <= begin < FRAME_S
    packet_s = 4096 / 48000 if name == "a.mov" else FRAME_S
    assert end == pytest.approx(50 / FPS, abs=packet_s), "the sound ends with the pictures"


def test_the_packets_are_those_of_the_source(sources: dict[str, Path], tmp_path: Path) -> None:
    for name in ("a.mp4", "a.mkv", "a.avi"):
        recorded(sources[name], tmp_path / "a.mkv")
        copied, stored = payloads(tmp_path / "a.mkv"), payloads(sources[name])
        assert len(copied) >= len(stored) - 3
        assert set(copied) <= set(stored)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize(
    ("name", "picture_s", "sound_s", "origin_s"),
    [
        ("late.mp4", (0.0, SECONDS), (0.8, 3.0), 0.0),
        ("late.ts", (0.0, SECONDS), (0.8, 3.0), 40.0),
        ("early.mkv", (0.4, SECONDS), (0.0, SECONDS), 7.0),
        ("early.ts", (1.0, SECONDS), (0.0, 8.0), 90000.0),
        ("long.mp4", (0.0, 2.5), (0.0, 40.0), 0.0),
        ("short.mkv", (0.0, SECONDS), (0.0, 0.9), 0.0),
    ],
)
def test_sound_that_begins_and_ends_elsewhere_keeps_its_time(
    name: str,
    picture_s: tuple[float, float],
    sound_s: tuple[float, float],
    origin_s: float,
    suffix: str,
    tmp_path: Path,
) -> None:
    source = write_marked(tmp_path / name, picture_s=picture_s, sound_s=sound_s, origin_s=origin_s)
    path = tmp_path / f"out{suffix}"
    assert recorded(source, path) == []
    begin = picture_s[0]
    assert flashes(path) == pytest.approx([m - begin for m in MARKS_S if begin <= m < picture_s[1]], abs=FRAME_S)
    expected = [m - begin for m in MARKS_S if max(begin, sound_s[0]) <= m < min(picture_s[1], sound_s[1])]
    assert beeps(path) == pytest.approx(expected, abs=FRAME_S)
    first, last = sound_span(path)
    assert first == pytest.approx(max(0.0, sound_s[0] - begin), abs=FRAME_S)
    assert last <= picture_s[1] - begin + FRAME_S


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("name", ["a.mp4", "a.ts", "pcm.avi"])
def test_after_a_jump_in_the_source_the_sound_goes_on_there(
    name: str, suffix: str, sources: dict[str, Path], tmp_path: Path
) -> None:
    if (name, suffix) == ("pcm.avi", ".mp4"):
        pytest.skip("such sound is for Matroska")
    path = tmp_path / f"a{suffix}"
    assert recorded(sources[name], path, frames=120, seeks={40: 0.4, 70: 2.0}) == []
    # 1.6 s from the start, 1.2 s from 0.4 s on; then the picture stands until the source is at 2.0 s
    expected = [0.6, 1.2, 1.8, 2.4, 3.4, 3.92]
    assert flashes(path) == pytest.approx(expected, abs=FRAME_S)
    assert beeps(path) == pytest.approx(expected, abs=FRAME_S)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("second_s", [0.0, 500.0])
def test_where_the_clock_of_joined_recordings_starts_again_the_sound_goes_on(
    second_s: float, suffix: str, tmp_path: Path
) -> None:
    parts = [write_marked(tmp_path / "a.ts", origin_s=100.0), write_marked(tmp_path / "b.ts", origin_s=second_s)]
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    path = tmp_path / f"out{suffix}"
    assert recorded(joined, path) == []
    shown = flashes(path)
    assert len(shown) == 2 * len(MARKS_S)
    assert beeps(path) == pytest.approx(shown, abs=FRAME_S)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_each_file_of_a_recording_in_pieces_has_the_sound_of_its_pictures(suffix: str, tmp_path: Path) -> None:
    sizes = [(64, 48), (96, 64), (64, 48)]
    parts = [write_marked(tmp_path / f"{place}.ts", "ac3", size=size) for place, size in enumerate(sizes)]
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    assert recorded(joined, tmp_path / f"out{suffix}") == []
    files = sorted(tmp_path.glob(f"out*{suffix}"))
    assert len(files) == len(sizes)
    for path in files:
        check_in_time(path, list(MARKS_S))


@pytest.mark.parametrize("suffix", OUTPUTS)
def test_the_list_of_frames_names_none_that_the_file_does_not_hold_yet(
    suffix: str, sources: dict[str, Path], tmp_path: Path
) -> None:
    path = tmp_path / f"out{suffix}"
    rows = FrameList(path)
    rows.open()
    with FileSource(sources["a.mp4"]) as source:
        sound = SoundSource(source.medium, None, pytest.fail)
        encoder = VideoEncoder(VideoFile(path, create_private(path)), Fraction(FPS), EXACT, rows, sound)
        behind = []
        for frame in source:
            encoder.encode(frame, frame.image)
            listed = len(rows.path.read_text().splitlines()) - 1
            if frame.index % 5 == 0 and listed:
                behind.append(held(path) - listed)
        encoder.finish()
    sound.close()
    assert min(behind) >= 0
    assert min(behind) <= 1
    assert len(rows.path.read_text().splitlines()) - 1 == round(SECONDS * FPS)


def held(path: Path) -> int:
    """How many pictures of a file that is still written can be decoded."""
    count = 0
    with av.open(str(path)) as container, contextlib.suppress(av.error.InvalidDataError):
        for _ in container.decode(video=0):
            count += 1
    return count


def test_a_container_without_the_codecs_own_name_takes_it_by_a_wave_header(tmp_path: Path) -> None:
    source = write_marked(tmp_path / "a.avi", "pcm_alaw", "mjpeg")
    assert recorded(source, tmp_path / "a.mkv") == []
    check_in_time(tmp_path / "a.mkv", list(MARKS_S))


def test_of_several_tracks_it_is_said_which_is_recorded(sources: dict[str, Path], tmp_path: Path) -> None:
    source = tmp_path / "two.mkv"
    with av.open(str(sources["a.mp4"])) as read, av.open(str(source), "w") as output:
        copies = [output.add_stream_from_template(stream) for stream in (*read.streams, read.streams.audio[0])]
        for packet in read.demux():
            if packet.dts is not None:
                packet.stream = copies[packet.stream.index]
                output.mux(packet)
                if packet.stream is copies[read.streams.audio[0].index]:
                    packet.stream = copies[-1]
                    output.mux(packet)
    said = recorded(source, tmp_path / "out.mp4")
    assert said == ["The video has 2 sound tracks, of which number 1 is recorded."]
    check_in_time(tmp_path / "out.mp4", list(MARKS_S))


@pytest.mark.parametrize("frames", [1, 2])
def test_a_recording_that_ends_before_its_first_packet_of_sound_can_be_read(frames: int, tmp_path: Path) -> None:
    source = write_marked(tmp_path / "a.ts", "ac3", sound_s=(0.5, SECONDS))
    recorded(source, tmp_path / "out.mp4", frames=frames)
    assert held(tmp_path / "out.mp4") == frames


def test_a_source_without_sound_gives_a_recording_without_a_track(tmp_path: Path) -> None:
    assert recorded(write_clip(tmp_path / "a.mp4", 20), tmp_path / "out.mp4") == []
    assert beeps(tmp_path / "out.mp4") is None


def test_where_a_part_has_no_sound_it_is_said(sources: dict[str, Path], tmp_path: Path) -> None:
    source = write_marked(tmp_path / "a.mp4", sound_s=(0.0, 0.9))
    (said,) = recorded(source, tmp_path / "out.mp4", start_s=2.0)
    assert "No sound was recorded" in said
    assert flashes(tmp_path / "out.mp4") == pytest.approx([0.2, 0.72], abs=FRAME_S)


@pytest.mark.parametrize("name", ["a.mp4", "a.ts", "ac3.ts"])
@pytest.mark.parametrize("share", [7, 1])
def test_damaged_sound_costs_no_picture(name: str, share: int, sources: dict[str, Path], tmp_path: Path) -> None:
    data = bytearray(sources[name].read_bytes())
    for begin, size in sound_places(sources[name])[::share]:
        data[begin : begin + size] = b"\xff" * size
    source = tmp_path / name
    source.write_bytes(data)
    without = tmp_path / "without.mkv"
    recorded(source, without, sound=False)
    for suffix in (".mp4", ".mkv"):
        path = tmp_path / f"out{suffix}"
        said = recorded(source, path)
        assert len(said) <= 1  # a decoder may conceal some damage
        assert said or (name, share) == ("ac3.ts", 7)
        assert all(
            line.startswith(("Sound has gaps", "No sound was recorded", "Sound is not recorded")) for line in said
        )
        assert flashes(path) == pytest.approx(flashes(without), abs=1e-3)
        with av.open(str(path)) as container:  # what is there can be decoded
            assert sum(1 for _ in container.decode(video=0)) == round(SECONDS * FPS)
        with av.open(str(path)) as container:
            assert all(frame.samples for stream in container.streams.audio for frame in container.decode(stream))


def sound_places(path: Path) -> list[tuple[int, int]]:
    """Bytes of the file that hold sound, and no structure of the container."""
    if path.suffix == ".ts":
        data = path.read_bytes()
        # ISO 13818-1: packets of 188 bytes; this muxer's first sound stream has the number 257, a start has a header
        places = range(0, len(data), 188)
        return [(at + 60, 128) for at in places if (data[at + 1] & 31) << 8 | data[at + 2] == 257]
    with av.open(str(path)) as container:
        return [(packet.pos, packet.size) for packet in container.demux(audio=0) if packet.size and packet.pos]


@pytest.mark.parametrize("suffix", OUTPUTS)
def test_of_a_recording_that_breaks_off_sound_and_pictures_play_as_far_as_each_other(
    suffix: str, sources: dict[str, Path], tmp_path: Path
) -> None:
    path = tmp_path / f"a{suffix}"
    recorded(sources["ac3.ts"], path)
    whole = path.read_bytes()
    cut = tmp_path / f"cut{suffix}"
    cut.write_bytes(whole[: 2 * len(whole) // 3])
    ends = []
    for kind in ("video", "audio"):
        with av.open(str(cut)) as container, contextlib.suppress(av.error.InvalidDataError):
            for frame in container.decode(**{kind: 0}):
                end = float(frame.time)
        ends.append(end)
    assert ends[0] > 0.8
    assert ends[1] == pytest.approx(ends[0], abs=1.2)
