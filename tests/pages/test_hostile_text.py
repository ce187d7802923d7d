"""Names and words from outside can break no page: they are shown as they are, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from checked_page import CheckedPage, loads_nothing, policy_hash

from polyplive import RESEARCH_NOTICE
from polyplive.benchmark.against import Ratio
from polyplive.evaluation.pictures.worst import Example
from polyplive.pages.benchmark import benchmark_page
from polyplive.pages.evaluation import evaluation_page
from polyplive.pages.recording import recording_page
from polyplive.pages.report import report_page
from polyplive.review.decisions import Decision, ReviewNote, Verdict
from polyplive.review.report_data import ReportData
from polyplive.review.timeline import Timeline
from polyplive.review.track_pictures import as_jpeg
from polyplive.review.tracks import Sighting, Track
from polyplive.sinks.base import Mark, SessionInfo
from polyplive.stats import Distribution, Share
from polyplive.types import SourceInfo, Tally

HOSTILE = [
    "<script>alert(1)<script>",
    "\"><img src=x onerror='alert(1)'>",
    "' onmouseover='alert(1)",
    "<style>*{display:none}<style>",
    "{{ 7 * 7 }}{% raw %}",
    "<!-- ]]> &lt;b&gt; &#60;",
    "Müller, Jürgen 日本語 🙂",
    "x" * 5000,
]
UNSEEN = ["a\x00b", "a\x1b[31mb", "a\x85b", "a\u202eb", "a\u2066b", "a\ufffeb"]
NUMBERS = Distribution(1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)


def report(text: str, source: str = "", reason: str = "") -> str:
    session = SessionInfo(SourceInfo(source or text, 96, 64, 25.0, 100, 4.0, text), text, text, text, text, text)
    jpeg = as_jpeg(np.zeros((4, 4, 3), np.uint8))
    assert jpeg is not None
    track = Track(1, (Sighting(0, 0.0, (1, 1, 2, 2), 4, 0.01, 0.9, 1),), 0.04, text)
    return report_page(
        ReportData(
            session,
            Timeline(4.0, ((0.0, 1.0),), (track,), marks=(Mark(1, 0.0, 0, 0.0, text),)),
            Tally(1, 1, {text: 1}),
            reason or text,
            1,
            1,
            scores=[(0.0, 0.9)],
            pictures={1: jpeg},
            is_reviewed=True,
            decisions={1: Decision(Verdict.ACCEPTED, text, text)},
            notes=(ReviewNote(1, 0.5, text, 1, text, text),),
            stages={"decode": NUMBERS},
            annotation=NUMBERS,
        )
    )


def scores(value: Any) -> dict[str, Any]:
    return dict.fromkeys(("iou", "dice", "precision", "recall"), value)


def share(count: int, of: int) -> dict[str, Any]:
    return Share(count, of).as_json()


def group() -> dict[str, Any]:
    return {"n_polyp": 1, "n_negative": 0, **scores(0.5), "interval": scores(None)} | {
        "found": share(1, 1),
        "false_marks": share(0, 0),
    }


def model(text: str) -> dict[str, Any]:
    names = ("data", "model", "model_version", "model_sha256", "backend", "device", "precision", "graph_precision")
    facts = dict.fromkeys((*names, "version", "measured", "roi"), text)
    return facts | {"threshold": 0.5, "n": 2, "n_polyp": 1, "n_negative": 1}


def evaluation(text: str) -> str:
    found = {"found": share(1, 1), "false_marks": share(0, 0)}
    marks = ("polyps_marked", "polyps_touched", "negatives_marked")
    figures = model(text) | {
        "per_image": scores(0.5),
        "per_image_interval": scores([0.4, 0.6]),
        "pooled": scores(0.5),
        "two_class": {"mean_iou": 0.5},
        "by_size": {"small": group() | {"share": [0.0, 0.05]}},
        "by_group": {text: group()},
        "thresholds": [{"threshold": 0.5, **dict.fromkeys(marks, share(1, 1))}],
        "robustness": {text: {"dice": 0.5, "drop": 0.1, "interval": None, **found}},
        "boundary": {"f_score": 0.5},
        **found,
        "skipped": [text],
        "explanation": {"pointing_game": share(0, 0), "energy_inside": None, "mask_correlation": None},
        "calibration": {"expected_error": 0.1, "curve": [{"probability": 0.5, "polyp": 0.5}]},
    }
    return evaluation_page(figures, [Example(text, b"\xff\xd8", text, ((text, text),))])


def recording(text: str) -> str:
    rates = {"detected": share(1, 2), "false_marks": share(0, 0), "flicker": share(0, 3)}
    frames = [{"index": place, "polyp": place < 2, "marked": True, "found": place < 1} for place in range(3)]
    figures = (
        model(text)
        | rates
        | {
            "min_frames": 3,
            "confirm_probability": 0.0,
            "release_probability": 0.2,
            "has_masks": True,
            "alarms": {"n": 1, "longest": 1},
            "lost": {text: 1},
            "appearances": [{"first": 0, "last": 1, "shown": share(1, 2), "delay": None}],
            "thresholds": [{"threshold": 0.5, "at_once": rates, "withheld": rates}],
            "frames": frames,
        }
    )
    return recording_page(figures)


def benchmark(text: str) -> str:
    ratio = {"ratio": 1.0, "low": 0.9, "high": 1.1}
    figures = {"p50": 1.0, "p99": 2.0}
    mode = {"fps": {"mean": 9.0}, "video_delay_ms": None, "annotation_delay_ms": figures} | {
        "stages_ms": {"infer": figures},
        "delay_causes_ms": {"engine": figures},
        "own_overlays": share(1, 2),
        "own_maps": None,
    }
    document = model(text) | {
        "machine": {"processor": text, "processors": 2},
        "gpu": {"name": text, "driver": text},
        "source": {"name": text, "width": 9, "height": 9},
        "cam": True,
        "frames": 9,
        "runs": 1,
        "warm_up": 1,
        "modes": {"engine": mode, "headless": mode},
        "skipped": {"display": text},
        "headless_share_of_engine": ratio,
        "remarks": [{"part": "headless", "text": text, "stands": True}, {"part": text, "text": text, "stands": True}],
        "compare": [
            {"name": text, "model": text, "backend": text, "cam": False, "fps": figures, "infer_ms": figures}
            | {"to_first": ratio}
        ],
    }
    return benchmark_page(document, {"engine": [1.0, 2.0, 3.0]}, {"engine": Ratio(1.0, 0.9, 1.1)})


PAGES = [report, evaluation, recording, benchmark]


@pytest.fixture(params=PAGES, ids=lambda page: page.__name__)
def page(request: pytest.FixtureRequest) -> Callable[[str], str]:
    return request.param


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_name_adds_no_tag_and_is_shown_as_it_is(page: Callable[[str], str], text: str) -> None:
    plain, hostile = CheckedPage(page("name")), CheckedPage(page(text))
    assert hostile.tags == plain.tags
    assert [name for _, name, _ in hostile.attributes] == [name for _, name, _ in plain.attributes]
    assert sum(text.strip() in found for found in hostile.texts) == sum("name" in found for found in plain.texts) > 1


@pytest.mark.parametrize("text", UNSEEN, ids=ascii)
def test_control_characters_become_visible(page: Callable[[str], str], text: str) -> None:
    made = page(text)
    assert text not in made
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", made)
    assert any("a\ufffd" in found for found in CheckedPage(made).texts)


def test_pages_load_nothing_and_say_what_they_are_for(page: Callable[[str], str]) -> None:
    made = page("name")
    read = CheckedPage(made)
    assert RESEARCH_NOTICE in read.texts
    assert loads_nothing(made)
    assert "style" not in {name for _, name, _ in read.attributes}
    (policy,) = [value for value in read.values("content") if value and "default-src" in value]
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")


def test_the_policy_allows_the_style_that_is_there(page: Callable[[str], str]) -> None:
    made = page("name")
    style = made.partition("<style>")[2].partition("</style>")[0]
    assert f"'{policy_hash(style)}'" in next(
        value for value in CheckedPage(made).values("content") if "sha256" in value
    )


def test_nothing_is_left_empty_or_undefined(page: Callable[[str], str]) -> None:
    words = " ".join(CheckedPage(page("name")).texts)
    assert not re.search(r"\bNone\b|\bnan\b|Undefined|[{}]{2}", words.partition("Research use only")[2])
