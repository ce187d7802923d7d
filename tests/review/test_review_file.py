"""The review file: whole after SIGKILL, kept where the disk is read-only or full, and nobody's work overwritten."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from made_tracks import made_timeline, made_track

from polyplive.review.decisions import Verdict
from polyplive.review.kept_review import KeptReview
from polyplive.review.review import Review
from polyplive.review.review_file import ReviewFile, review_path
from polyplive.review.storage import open_review

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCEPTED = Verdict.ACCEPTED


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "videos" / "procedure.mp4"
    path.parent.mkdir()
    path.write_bytes(os.urandom(100_000))
    return path


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return tmp_path / "own"


@contextlib.contextmanager
def reviewing(video: Path, own: Path) -> Iterator[Review]:
    review = open_review(video, folder=own)
    try:
        yield review
    finally:
        review.close()


def texts(path: Path) -> list[str]:
    return [note["text"] for note in json.loads(path.read_text(encoding="utf-8"))["notes"]]


def note(video: Path, own: Path, text: str) -> tuple[str, ...]:
    """Write a note in a review that is opened for it; what the user is told."""
    with reviewing(video, own) as review:
        review.add_note(1.0, text)
        assert review.flush()
        return review.notices


KILLED = """
import os, random, signal, sys, time
from pathlib import Path
from polyplive.review.storage import open_review
video, own, rounds = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
for number in range(rounds):
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        review = open_review(video, folder=own)
        print(*(note.text for note in review.notes), sep=",", flush=True)
        while True:
            text = str(len(review.notes) + 1)
            review.add_note(1.0, text)
            if number % 2:
                review.flush()
            os.write(writer, text.encode() + b" ")
    os.close(writer)
    said = os.read(reader, 100)  # the first action is done
    time.sleep(random.Random(number).uniform(0, 0.03))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while part := os.read(reader, 65536):
        said += part
    os.close(reader)
    print(said.split()[-1].decode(), flush=True)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills copies of a process")
def test_killed_at_any_moment_the_file_is_whole_and_lacks_at_most_the_last_action(video: Path, own: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(video), str(own), "12"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    before = 0
    for number, (found, said) in enumerate(zip(lines[0::2], lines[1::2], strict=True)):
        kept = [int(text) for text in found.split(",") if text]
        assert kept == list(range(1, len(kept) + 1))  # whole, and nothing is missing in between
        if number and (number - 1) % 2:
            assert len(kept) >= before  # what was on the disk when the action returned
        before = int(said)
    assert len(texts(review_path(video))) >= before
    for left in video.parent.glob(".*.part"):
        os.utime(left, (0, 0))
    with reviewing(video, own) as review:
        assert len(review.notes) >= before
    assert sorted(path.name for path in video.parent.iterdir()) == ["procedure.mp4", "procedure.mp4.review.json"]


READ_ONLY = """
import os, sys
from pathlib import Path
from polyplive.review.storage import open_review
import msgspec.json, email.utils
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)  # root may write everywhere
for text in ("first", "second"):
    review = open_review(Path(sys.argv[1]), folder=Path(sys.argv[2]))
    print([note.text for note in review.notes])
    review.add_note(1.0, text)
    print(review.close(), review.notices)
"""


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions are stored in another way")
def test_a_read_only_folder_s_review_is_in_the_user_s_own_and_found_again(video: Path) -> None:
    place = Path(tempfile.mkdtemp())  # which another user may enter
    try:
        disc, own = place / "disc", place / "own"
        disc.mkdir()
        own.mkdir()
        shutil.copy(video, disc / "procedure.mp4")
        for path, mode in ((place, 0o755), (own, 0o777), (disc, 0o555), (disc / "procedure.mp4", 0o444)):
            path.chmod(mode)
        command = [sys.executable, "-c", READ_ONLY, str(disc / "procedure.mp4"), str(own)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        first, said, again, later = done.stdout.splitlines()
        assert (first, again) == ("[]", "['first']")
        assert f"The video's folder cannot be written: its review is kept in '{own}'." in said
        assert (said[:4], later) == ("True", "True ()")
        assert [path.name for path in disc.iterdir()] == ["procedure.mp4"]
        moved = place / "moved.mp4"
        shutil.copy(video, moved)
        with reviewing(moved, own) as review:
            assert [each.text for each in review.notes] == ["first", "second"]
    finally:
        shutil.rmtree(place)


def test_with_no_room_left_the_review_goes_on_and_is_written_once_there_is(video: Path, own: Path) -> None:
    with reviewing(video, own) as review:
        review.add_note(1.0, "first")
        assert review.flush()
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
        try:
            review.decide(1, ACCEPTED)
            review.add_note(1.0, "second")
            assert not review.flush()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        line = "No room left on the disk: the review is kept in memory, and written at the next change."
        assert review.notices == (line,)
        assert texts(review_path(video)) == ["first"]
        assert [each.text for each in review.notes] == ["first", "second"]
    assert texts(review_path(video)) == ["first", "second"]  # closing wrote it
    assert review.notices == ()
    assert len(list(video.parent.iterdir())) == 2


def test_of_two_windows_the_second_writes_nothing_until_the_first_is_closed(video: Path, own: Path) -> None:
    with reviewing(video, own) as first, reviewing(video, own) as second:
        second.add_note(1.0, "from the second")
        assert not second.flush()
        assert second.notices == ("Another window reviews this video: what is decided here is kept in memory alone.",)
        first.add_note(1.0, "from the first")
        assert first.close()
        second.add_note(2.0, "and more")
        assert second.flush()
        kept = (
            "Another program changed 'procedure.mp4.review.json': its version is kept as 'procedure.mp4.review-1.json'."
        )
        assert second.notices == (kept,)
    assert texts(review_path(video)) == ["from the second", "and more"]
    assert texts(video.with_name("procedure.mp4.review-1.json")) == ["from the first"]


def test_who_only_reads_hinders_no_window_and_is_not_warned(video: Path, own: Path) -> None:
    with reviewing(video, own) as window:
        window.add_note(1.0, "kept")
        assert window.flush()
        reader = open_review(video, folder=own, read_only=True)
        assert ([each.text for each in reader.notes], reader.notices) == (["kept"], ())
        reader.close()
        window.add_note(2.0, "more")
        assert window.flush()
        assert window.notices == ()


@pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b'{"schema": 2, "findings": []}', b"\xff\xfe" * 100])
def test_what_is_no_review_is_kept_under_another_name(video: Path, own: Path, content: bytes) -> None:
    path = review_path(video)
    path.write_bytes(content)
    with reviewing(video, own) as review:
        assert path.read_bytes() == content
        what = "is no review of schema 1, and is not used"
        kept = f"'{path.name}' {what}; that file will be kept as 'procedure.mp4.review-1.json'."
        assert review.notices == (kept,)
        review.add_note(1.0, "new")
    assert video.with_name("procedure.mp4.review-1.json").read_bytes() == content
    assert texts(path) == ["new"]


def test_a_changed_video_s_old_decisions_are_kept_aside_until_asked_for(video: Path, own: Path) -> None:
    note(video, own, "of the old bytes")
    video.write_bytes(os.urandom(100_000))
    with reviewing(video, own) as review:
        assert review.notes == ()
        (line,) = review.notices
        assert line.startswith("'procedure.mp4' changed since it was reviewed: its decisions are not used; that file")
        review.add_note(1.0, "of the new bytes")
    assert texts(video.with_name("procedure.mp4.review-1.json")) == ["of the old bytes"]
    with reviewing(video, own) as review:
        review.timeline = made_timeline(made_track(1, 0, 50), made_track(2, 100, 150))
        review.decide(1, ACCEPTED)
        review.decide(2, ACCEPTED)
    video.write_bytes(os.urandom(100_000))
    with reviewing(video, own) as review:
        review.timeline = made_timeline(made_track(1, 5, 50), made_track(2, 105, 150))
        review.add_note(1.0, "newest")
        review.decide(2, Verdict.REJECTED)
        assert review.apply_earlier()
        assert sorted(each.text for each in review.notes) == ["newest", "of the new bytes"]
        assert [review.decision(number).verdict for number in (1, 2)] == [ACCEPTED, Verdict.REJECTED]
        assert not review.apply_earlier()
        review.undo()
        assert [each.text for each in review.notes] == ["newest"]


def test_pictures_for_the_report_are_kept_and_one_takes_the_place_of_the_same(video: Path, own: Path) -> None:
    with reviewing(video, own) as review:
        review.add_picture(2.0, "Polyp 2", "maps", b"later")
        review.add_picture(1.0, "Polyp 1", "maps", b"first")
        review.add_picture(1.0, "Polyp 1", "maps, again", b"\xffnew")
        assert review.has_picture(1.0, "Polyp 1")
        review.undo()
        review.redo()
    with reviewing(video, own) as review:
        kept = [(each.at_s, each.name, each.caption, each.jpeg) for each in review.pictures]
        assert kept == [(1.0, "Polyp 1", "maps, again", b"\xffnew"), (2.0, "Polyp 2", "maps", b"later")]
        review.remove_picture(2.0, "Polyp 2")
    video.write_bytes(os.urandom(100_000))
    with reviewing(video, own) as review:
        assert review.pictures == ()
        review.add_picture(3.0, "Polyp 3", "maps", b"new")
        assert review.apply_earlier()
        assert [each.name for each in review.pictures] == ["Polyp 1", "Polyp 3"]


def test_a_review_without_pictures_of_an_earlier_version_is_read(video: Path, own: Path) -> None:
    note(video, own, "kept")
    path = review_path(video)
    content = json.loads(path.read_text(encoding="utf-8"))
    del content["pictures"]
    path.write_text(json.dumps(content), encoding="utf-8")
    with reviewing(video, own) as review:
        assert [each.text for each in review.notes] == ["kept"]
        assert review.pictures == ()


def test_of_two_reviews_the_newer_is_used_and_the_older_kept(video: Path, own: Path) -> None:
    note(video, own, "beside")
    identity = json.loads(review_path(video).read_text(encoding="utf-8"))["video"]["sample_sha256"][:32]
    in_own = own / f"{identity}.review.json"
    older = json.loads(review_path(video).read_text(encoding="utf-8")) | {"written": "2020-01-01T09:00:00+01:00"}
    in_own.write_text(json.dumps(older | {"notes": []}), encoding="utf-8")
    with reviewing(video, own) as review:
        assert [each.text for each in review.notes] == ["beside"]
        assert review.notices[0].startswith("There are two reviews of this video: the newer one, beside the video, is")
    newer = older | {"written": "2099-01-01T09:00:00+01:00", "notes": []}
    in_own.write_text(json.dumps(newer), encoding="utf-8")
    with reviewing(video, own) as review:
        assert review.notes == ()
        review.add_note(1.0, "after both")
    assert texts(review_path(video)) == ["after both"]
    assert texts(video.with_name("procedure.mp4.review-1.json")) == ["beside"]


def test_a_moved_video_keeps_its_review(video: Path, own: Path, tmp_path: Path) -> None:
    note(video, own, "before")
    there = tmp_path / "there"
    shutil.move(video.parent, there)
    with reviewing(there / "procedure.mp4", own) as review:
        assert ([each.text for each in review.notes], review.notices) == (["before"], ())


class SlowFile(ReviewFile):
    """Writes nothing until it may."""

    def __init__(self, video: Path, folder: Path) -> None:
        super().__init__(video, folder)
        self.may = threading.Event()
        self.writes = 0

    def write(self, data: bytes) -> bool:
        self.may.wait()
        self.writes += 1
        return super().write(data)


def test_nobody_waits_for_a_slow_disk_and_the_newest_state_is_what_it_gets(video: Path, own: Path) -> None:
    file = SlowFile(video, own)
    review = Review("", storage=KeptReview(file))
    for number in range(100):
        review.add_note(1.0, str(number))
    assert not review.flush(0.01)
    assert not review_path(video).exists()
    file.may.set()
    assert review.close()
    assert len(texts(review_path(video))) == 100
    assert file.writes <= 2
