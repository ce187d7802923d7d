"""The caption: which frame this is, where somebody asks for it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from polyplive.overlay.compositor import compose
from polyplive.overlay.element import Scale
from polyplive.overlay.hud import caption_texts, place_hud
from polyplive.sessions.captions import words_of
from polyplive.types import Caption, Frame, Hud, OverlaySettings, SessionState

ASKED = OverlaySettings(caption=True)
PICTURE = np.full((240, 320, 3), 90, np.uint8)


@pytest.mark.parametrize(
    ("caption", "says"),
    [
        (Caption(0, 0.0, "polyplive-fast 2.0"), ["frame 1", "0:00.000", "polyplive-fast 2.0"]),
        (Caption(17_999, 719.96), ["frame 18000", "11:59.960"]),
        (Caption(3, 59.9996, ""), ["frame 4", "1:00.000"]),
        (Caption(3, None, "mine 1"), ["frame 4", "mine 1"]),
    ],
)
def test_it_says_frame_time_and_model_as_far_as_they_are_known(caption: Caption, says: list[str]) -> None:
    assert caption_texts(caption) == says


def test_where_there_is_little_room_the_model_is_left_out_first() -> None:
    hud = Hud(caption=Caption(7, 0.28, "a model with a long name 1.0"))
    said = []
    for width in (640, 220, 100, 30):
        lines = place_hud(hud, ASKED, Scale.of(640, 480), width, 480)
        said.append([run.text for line in lines for run in line.runs])
    assert said == [["frame 8", "0:00.280", hud.caption.model], ["frame 8", "0:00.280"], ["frame 8"], []]


def test_without_being_asked_for_no_corner_is_drawn_in_any_state() -> None:
    for state in SessionState:
        hud = Hud(state, "the model is started again", caption=Caption(7, 0.28, "polyplive-fast 2.0"))
        assert np.array_equal(compose(PICTURE, None, OverlaySettings(), hud), PICTURE)
        assert (compose(PICTURE, None, ASKED, hud) != PICTURE).any()


def test_a_session_makes_one_only_where_it_is_drawn() -> None:
    frame = Frame(PICTURE, 7, 0.28)
    facts = {"name": "polyplive-fast", "version": "2.0", "cam_method": "Grad-CAM (of somebody)", "cam_layers": ("a.0",)}
    spec = SimpleNamespace(manifest=SimpleNamespace(**facts), cam_target="mask")
    assert words_of(frame, spec, OverlaySettings())["caption"] is None
    assert words_of(frame, spec, ASKED)["caption"] == Caption(7, 0.28, "polyplive-fast 2.0")
    assert words_of(frame, None, ASKED)["caption"] == Caption(7, 0.28)
    assert words_of(frame, spec, OverlaySettings())["method"] == "Grad-CAM, a.0"
    facts |= {"cam_method": "Multi-level map (a mean) of the sum", "cam_layers": ("a.0", "b.1")}
    spec = SimpleNamespace(manifest=SimpleNamespace(**facts), cam_target="mask")
    assert words_of(frame, spec, OverlaySettings())["method"] == "multi-level map, a.0, b.1"
    assert words_of(frame, None, ASKED)["method"] == ""
