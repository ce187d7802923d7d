"""Decisions stay with their findings: taken back, kept on disk, and carried to the next analysis."""

from __future__ import annotations

import dataclasses
import json
import stat
from typing import TYPE_CHECKING

import jsonschema
import pytest
from made_tracks import made_timeline, made_track
from review_schema import REVIEW

from polyplive.errors import DataError
from polyplive.review.decisions import Verdict
from polyplive.review.review_content import Analysis
from polyplive.review.storage import open_review
from polyplive.sinks.base import Mark

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.review.review import Review

ACCEPTED, REJECTED, UNSEEN = Verdict.ACCEPTED, Verdict.REJECTED, Verdict.UNSEEN
FAST = Analysis("polyplive-fast", "ab" * 32, {"threshold": 0.5}, "ef" * 32)
OTHER = Analysis("other", "cd" * 32, {"threshold": 0.5}, "01" * 32)
LEFT, RIGHT = (10, 10, 40, 40), (200, 10, 40, 40)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "videos" / "procedure.mp4"
    path.parent.mkdir()
    path.write_bytes(b"a video's bytes" * 1000)
    return path


@pytest.fixture
def again(video: Path, tmp_path: Path):
    """Opens the video's review; the one that was open is closed."""
    opened: list[Review] = []

    def open_it(path: Path = video) -> Review:
        for review in opened:
            review.close()
        opened.append(open_review(path, by="Ada", folder=tmp_path / "own"))
        return opened[-1]

    yield open_it
    for review in opened:
        review.close()


def kept(video: Path) -> dict:
    return json.loads(video.with_name(video.name + ".review.json").read_text(encoding="utf-8"))


def test_a_review_is_opened_as_it_was_left(video: Path, again) -> None:
    review = again()
    assert review.notices == ()
    assert not list(video.parent.glob("*.json"))  # looking alone writes nothing
    review.analysis = FAST
    review.timeline = made_timeline(made_track(1, 0, 50), made_track(2, 100, 150), made_track(3, 200, 220))
    review.decide(1, ACCEPTED)
    review.decide(2, REJECTED)
    note = review.add_note(4.5, "caecum", 2)
    review.add_note(9.0, "gone")
    review.edit_note(2, "")
    assert review.flush()
    content = kept(video)
    jsonschema.validate(content, REVIEW)
    assert [(one["number"], one["verdict"], one["by"]) for one in content["findings"]] == [
        (1, "accepted", "Ada"),
        (2, "rejected", "Ada"),
        (3, "unseen", ""),
    ]
    assert (content["analysis"]["events_sha256"], content["video"]["name"]) == ("ef" * 32, "procedure.mp4")
    path = video.with_name("procedure.mp4.review.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600

    later = again()
    assert [found.text for found in later.notes] == ["caecum"]
    later.analysis = FAST
    later.timeline = review.timeline
    assert (later.decision(1), later.decision(2)) == (review.decision(1), review.decision(2))
    assert later.decision(3).verdict is UNSEEN
    assert later.notes == (note,)
    assert (later.lost, later.notices, later.can_undo) == ((), (), False)
    assert later.add_note(1.0, "next").number == 2
    later.undo()
    later.decide(1, REJECTED)
    later.undo()
    assert later.decision(1).verdict is ACCEPTED
    assert later.flush()
    assert kept(video)["findings"][0]["verdict"] == "accepted"


def test_another_model_s_findings_keep_decisions_by_time_and_place(video: Path, again) -> None:
    review = again()
    review.analysis = FAST
    at_once = made_track(2, 0, 50, RIGHT)  # at the same time in another place
    review.timeline = made_timeline(
        made_track(1, 0, 50, LEFT), at_once, made_track(3, 100, 150), made_track(4, 200, 250)
    )
    for number, verdict in ((1, ACCEPTED), (2, REJECTED), (3, ACCEPTED)):
        review.decide(number, verdict)
    review.add_note(5.0, "flat", 3)
    review.add_note(8.0, "small", 4)

    later = again()
    later.analysis = OTHER
    wider = (205, 5, 44, 50)
    later.timeline = made_timeline(made_track(1, 3, 48, wider), made_track(2, 4, 60, LEFT), made_track(3, 210, 260))
    assert [later.decision(number).verdict for number in (1, 2, 3)] == [REJECTED, ACCEPTED, UNSEEN]
    assert [(one.verdict, one.best.index) for one in later.lost] == [(ACCEPTED, 100)]
    assert [(note.text, note.track) for note in later.notes] == [("flat", None), ("small", 3)]
    line = (
        "2 decisions of an analysis with polyplive-fast were kept; 1 decision on findings that this one does not have."
    )
    assert later.notices == (line,)
    later.decide(3, REJECTED)
    assert later.flush()
    content = kept(video)
    jsonschema.validate(content, REVIEW)
    assert [(one["number"] > 0, one["verdict"]) for one in content["findings"]] == [
        (True, "rejected"),
        (True, "accepted"),
        (True, "rejected"),
        (False, "accepted"),
    ]

    back = again()
    back.analysis = FAST
    back.timeline = review.timeline
    assert [back.decision(number).verdict for number in (1, 2, 3, 4)] == [ACCEPTED, REJECTED, ACCEPTED, REJECTED]
    assert [(note.text, note.track) for note in back.notes] == [("flat", 3), ("small", 4)]
    assert back.lost == ()


def test_decisions_follow_their_findings_while_the_analysis_goes_on(again) -> None:
    """It may look at the end first: what comes earlier then takes the first number."""
    review = again()
    late, early = made_track(1, 1000, 1050), made_track(1, 100, 150, RIGHT)
    review.timeline = made_timeline(late, analysed_s=50.0)
    review.decide(1, ACCEPTED)
    review.decide(1, REJECTED)
    review.undo()
    review.timeline = made_timeline(early, dataclasses.replace(late, number=2))
    assert (review.decision(1).verdict, review.decision(2).verdict) == (UNSEEN, ACCEPTED)
    review.redo()
    assert (review.decision(1).verdict, review.decision(2).verdict) == (UNSEEN, REJECTED)
    assert review.lost == ()


def test_what_was_not_analysed_yet_is_not_lost(again) -> None:
    review = again()
    review.timeline = made_timeline(made_track(1, 1000, 1050))
    review.decide(1, ACCEPTED)
    later = again()
    later.analysis = OTHER
    later.timeline = made_timeline(analysed_s=30.0)
    assert later.lost == ()
    later.timeline = made_timeline(analysed_s=60.0)
    assert [one.best.index for one in later.lost] == [1000]


def test_the_marks_of_a_session_become_notes_once(again) -> None:
    marks = (Mark(1, 3.0, 24, 0.96, "caecum"), Mark(2, 4.0, 50, 2.0))
    timeline = dataclasses.replace(made_timeline(), marks=marks)
    review = again()
    review.decide(1, ACCEPTED)
    review.timeline = timeline
    review.undo()
    assert [(note.at_s, note.text) for note in review.notes] == [(0.96, "caecum"), (2.0, "Mark 2")]
    review.edit_note(review.notes[0].number, "")
    later = again()
    later.timeline = timeline
    assert [note.text for note in later.notes] == ["Mark 2"]


def test_a_video_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"'no\.mp4' cannot be read: No such file"):
        open_review(tmp_path / "no.mp4")
