"""Files that are no video, or were one: each gives frames or one clear error, never a hang or a crash."""

from __future__ import annotations

import os
import random
import socket
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from clipmaker import number_in, write_clip, write_sound
from processes import PATIENCE_S

from polyplive.errors import SourceNotFound, SourceUnreadable
from polyplive.sources.file import FileSource
from polyplive.sources.reading.decoder import Decoder
from polyplive.sources.reading.medium import FileMedium

FRAMES = 60
MUTANTS = 200


def play(path: Path) -> tuple[list[int], FileSource]:
    """The indices of the frames that can be read; each must show its number."""
    source = FileSource(path)
    indices = []
    while (frame := source.read()) is not None:
        indices.append(frame.index)
    source.close()
    return indices, source


def refusal(path: Path, kind: type[Exception] = SourceUnreadable) -> str:
    with pytest.raises(kind) as caught:
        FileSource(path)
    text = str(caught.value)
    assert "\n" not in text
    assert path.name in text
    assert caught.value.hint
    return text


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "whole.mp4", FRAMES, options={"bf": "2", "g": "12"})


def test_what_is_no_video_is_refused_in_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("Dear colleague, the recording is attached.\n" * 50)
    empty = tmp_path / "empty.mp4"
    empty.touch()
    noise = tmp_path / "noise.mkv"
    noise.write_bytes(random.Random(1).randbytes(100_000))
    assert "holds no video" in refusal(text)
    assert "is empty" in refusal(empty)
    assert "holds no video" in refusal(noise)
    assert "only sound" in refusal(write_sound(tmp_path / "sound.mp4"))
    assert "is a folder" in refusal(tmp_path)
    assert "There is no file" in refusal(tmp_path / "none.mp4", SourceNotFound)
    assert "There is no file" in refusal(text / "none.mp4", SourceNotFound)
    captured = capfd.readouterr()
    assert captured.err == ""
    assert captured.out == ""


def test_text_is_not_drawn_as_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Withdrawal time 8 minutes.\n" * 50)
    assert "text" in refusal(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    path = tmp_path / "pipe.mp4"
    os.mkfifo(path)
    assert "not a file" in refusal(path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_refused(clip: Path) -> None:
    clip.chmod(0)
    assert "may not be read" in refusal(clip)


@pytest.mark.parametrize("name", ["list.mp4", "list%d.m3u8"])
def test_a_playlist_opens_no_connection(name: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        path = tmp_path / name
        address = f"http://127.0.0.1:{server.getsockname()[1]}/a.ts"
        path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{address}\n#EXT-X-ENDLIST\n")
        refusal(path)
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize("name", ["list.mp4", "list%d.mp4", "list.ffconcat"])
def test_a_list_opens_no_other_file(name: str, tmp_path: Path) -> None:
    write_clip(tmp_path / "other.mp4", frames=3)
    path = tmp_path / name
    path.write_text("ffconcat version 1.0\nfile other.mp4\n")
    assert "list of other files" in refusal(path)


def test_an_absurd_size_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    for side, name in ((60_000, "huge.png"), (60_000, "huge%d.png"), (12_000, "large.png")):
        header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
        path = tmp_path / name
        data = zlib.compress(bytes(100_000))
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b""))
        refusal(path)


def test_an_mp4_cut_before_its_table_is_refused(clip: Path) -> None:
    data = clip.read_bytes()
    clip.write_bytes(data[: data.index(b"moov") - 8])
    assert "holds no video" in refusal(clip)


def test_a_recording_that_was_cut_short_plays_up_to_the_cut(tmp_path: Path) -> None:
    settings = {
        "mkv": {},
        "ts": {},
        "avi": {"codec": "mpeg4"},
        "mp4": {"container_options": {"movflags": "frag_keyframe+empty_moov"}},
    }
    for suffix, more in settings.items():
        path = write_clip(tmp_path / f"a.{suffix}", FRAMES, **{"options": {"bf": "0", "g": "12"}, **more})
        data = path.read_bytes()
        cut = int(0.8 * len(data))
        whole = sum(start + size <= cut for start, size in packets(path)) if suffix in ("mkv", "avi") else 24
        path.write_bytes(data[:cut])
        indices, _ = play(path)
        assert indices == list(range(len(indices))), suffix
        assert 5 < whole <= len(indices) < FRAMES, suffix


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "flv"])
def test_frames_that_the_decoder_held_back_at_the_cut_are_given(suffix: str, tmp_path: Path) -> None:
    fragments = {"movflags": "frag_keyframe+empty_moov"} if suffix == "mp4" else {}
    path = write_clip(tmp_path / f"a.{suffix}", 40, options={"bf": "2", "g": "12"}, container_options=fragments)
    data, spans = path.read_bytes(), packets(path)
    for last in (14, 24, 31):  # in a group, a key frame, a frame that follows two others in the file
        start, size = spans[last]
        path.write_bytes(data[: start + size // 2])
        indices, source = play(path)
        assert len(indices) >= last, last
        assert source.dropped.keys() <= {"damaged", "missing"}, last
        assert source.dropped.get("damaged", 0) <= 1, last


def test_frames_that_the_table_lists_and_the_file_lacks_are_counted(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", FRAMES, options={"bf": "0"}, container_options={"movflags": "faststart"})
    data = path.read_bytes()
    path.write_bytes(data[: int(0.6 * len(data))])
    indices, source = play(path)
    assert 5 < len(indices) < FRAMES
    assert len(indices) + sum(source.dropped.values()) == FRAMES
    assert source.dropped["missing"] > 0


@pytest.mark.parametrize("name", ["a.mkv", "a.avi", "a.mp4"])
def test_a_damaged_packet_costs_its_own_frame(name: str, tmp_path: Path) -> None:
    path = write_clip(tmp_path / name, FRAMES, codec="mjpeg", pix_fmt="yuvj420p")
    spans = packets(path)
    data = bytearray(path.read_bytes())
    for hurt in (20, 21, 40, FRAMES - 1):
        start, size = spans[hurt]
        # The marker at the start stays, by which FFmpeg tells the pictures apart.
        data[start + 2 : start + size] = bytes(size - 2)
    path.write_bytes(data)
    source = FileSource(path)
    shown = {}
    while (frame := source.read()) is not None:
        shown[frame.index] = number_in(frame.image)
    assert source.info.frames == FRAMES
    assert set(range(FRAMES)) - set(shown) == {20, 21, 40, FRAMES - 1}
    assert all(index == number for index, number in shown.items())
    assert source.dropped == {"damaged": 4}
    source.seek(20 / 25)
    assert source.read().index == 22
    source.seek(1e6)
    assert source.read().index == FRAMES - 2
    source.close()


def packets(path: Path) -> list[tuple[int, int]]:
    """Where each packet of a clip lies in its file: offset and size."""
    import av

    data = path.read_bytes()
    spans = []
    after = 0
    with av.open(str(path)) as container:
        for packet in container.demux(video=0):
            if packet.size:
                after = data.index(bytes(packet), after)
                spans.append((after, packet.size))
    return spans


def test_damage_inside_a_group_leaves_the_other_groups_whole(clip: Path) -> None:
    whole = {}
    source = FileSource(clip)
    while (frame := source.read()) is not None:
        whole[frame.index] = frame.image
    source.close()
    start, size = packets(clip)[24]
    data = bytearray(clip.read_bytes())
    data[start : start + size] = random.Random(2).randbytes(size)
    clip.write_bytes(data)
    runs = []
    for _ in range(3):
        source = FileSource(clip)
        given = {}
        while (frame := source.read()) is not None:
            given[frame.index] = frame.image
        source.close()
        assert len(given) + sum(source.dropped.values()) == FRAMES
        assert sum(source.dropped.values()) + source.concealed > 0
        runs.append(given)
    for index in (*range(20), *range(36, FRAMES)):
        assert np.array_equal(runs[0][index], whole[index])
    for run in runs[1:]:
        assert run.keys() == runs[0].keys()
        assert all(np.array_equal(run[index], runs[0][index]) for index in run)


def test_a_recording_that_starts_inside_a_group_plays_from_its_first_key_frame(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.ts", FRAMES, options={"bf": "0", "g": "15"})
    data = path.read_bytes()
    start = (len(data) // 188 // 3) * 188
    path.write_bytes(data[start:])
    source = FileSource(path)
    frames = []
    while (frame := source.read()) is not None:
        frames.append(frame)
    assert len(frames) > 10
    assert (frames[0].index, frames[0].pts_s) == (0, 0.0)
    first = number_in(frames[0].image)
    assert [number_in(frame.image) for frame in frames[5:]] == [first + frame.index for frame in frames[5:]]
    source.close()


def test_endless_errors_end() -> None:
    class Broken:
        def demux(self, _stream: object) -> object:
            return self

        def __iter__(self) -> object:
            return self

        def __next__(self) -> object:
            raise ValueError("damaged")

    from polyplive.sources.reading.packets import PacketReader

    reader = PacketReader(Broken(), None, lambda: 1000)
    assert reader.read() is None
    assert reader.errors > 10


def test_a_file_that_disappears_or_shrinks_while_it_plays_ends(clip: Path) -> None:
    source = FileSource(clip)
    source.read()
    os.truncate(clip, 2000)
    count = 1
    while source.read() is not None:
        count += 1
    assert count <= FRAMES
    source.close()


TESTS = str(Path(__file__).resolve().parents[1])

MUTATE = """
import random, sys
from pathlib import Path
from polyplive.errors import SourceError
from polyplive.sources.file import FileSource
sys.path.insert(0, sys.argv[3])
from colour_engine import ColourEngine
from polyplive.sessions.engine_room.offline import OfflineEngineRoom
from polyplive.sessions.replay.headless import replay
from polyplive.sinks.events import EventsSink
from polyplive.sinks.video import VideoSink

def replayed(source):
    sinks = [VideoSink(folder / "out.mp4"), EventsSink(folder / "out.jsonl")]
    with OfflineEngineRoom(lambda _: ColourEngine()) as room:
        summary = replay(source, room, sinks)
    assert summary.tally.read == summary.tally.processed + sum(summary.tally.dropped.values())
    assert not [failure for failure in summary.failures if "\\n" in str(failure)]
    source.seek(0)

folder, count = Path(sys.argv[1]), int(sys.argv[2])
clips = sorted(folder.glob("whole*"))
ended = refused = 0
for seed in range(count):
    chance = random.Random(seed)
    clip = clips[seed % len(clips)]
    data = bytearray(clip.read_bytes())
    for _ in range(chance.choice((1, 3, 30, 300))):
        place = chance.randrange(len(data))
        kind = chance.randrange(4)
        if kind == 0:
            data[place] ^= 1 << chance.randrange(8)
        elif kind == 1:
            data[place : place + 4] = chance.choice((b"\\\\xff" * 4, b"\\\\x7f\\\\xff\\\\xff\\\\xff", bytes(4)))
        elif kind == 2 and len(data) > 400:
            del data[place : place + chance.randrange(1, 64)]
        else:
            data[place:place] = chance.randbytes(chance.randrange(1, 16))
    path = folder / ("mutant" + clip.suffix)
    path.write_bytes(data)
    print(seed, clip.name, flush=True)
    try:
        source = FileSource(path, deinterlace=seed % 7 == 0)
        if seed % 4 == 1:
            replayed(source)
        if seed % 3 == 0:
            source.read()
            source.seek(chance.uniform(-1, 2))
        while source.read() is not None:
            pass
        source.seek(chance.uniform(0, 1))
        source.read()
        source.close()
        ended += 1
    except SourceError as error:
        assert "\\\\n" not in str(error)
        refused += 1
print("done", ended, refused)
""".replace("\\\\", "\\")


def test_mutated_copies_end_or_are_refused(tmp_path: Path) -> None:
    short = {"options": {"bf": "2", "g": "6"}}
    for name, settings in {
        "whole.mp4": short,
        "whole.mkv": short,
        "whole.avi": {"codec": "mpeg4", "options": {"bf": "1", "g": "6"}},
        "whole.ts": short,
        "whole1.mp4": {**short, "container_options": {"movflags": "frag_keyframe+empty_moov"}},
        "whole1.avi": {"codec": "mjpeg", "pix_fmt": "yuvj420p"},
        "whole.webm": {"codec": "libvpx-vp9", "options": {"deadline": "realtime", "cpu-used": "8", "g": "6"}},
    }.items():
        write_clip(tmp_path / name, 16, **settings)
    # Another process: should FFmpeg crash, the test fails and says at which copy, and the others still run.
    run = subprocess.run(
        [sys.executable, "-c", MUTATE, str(tmp_path), str(MUTANTS), TESTS],
        capture_output=True,
        text=True,
        timeout=10 * PATIENCE_S,
    )
    lines = run.stdout.splitlines()
    assert run.returncode == 0, f"copy {lines[-1:]}, exit {run.returncode}: {run.stderr[-2000:]}"
    _, ended, refused = lines[-1].split()
    assert int(ended) + int(refused) == MUTANTS
    assert int(ended) > MUTANTS // 4
    assert run.stderr == ""


def test_a_decoder_is_closed_twice(clip: Path) -> None:
    decoder = Decoder(FileMedium(clip), threads=True)
    decoder.close()
    decoder.close()
