"""What is said over the picture: large enough, off the findings, and nothing at all where nothing is to be said."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PyQt6.QtGui import QFontMetricsF
from true_circles import seen
from view_scenes import EVERYTHING, finding, scene

from polyplive.gui.view import banner as banners
from polyplive.gui.view.announcements import Announcements
from polyplive.gui.view.banner import LEAST, Banner, banner_pixels, font_of, wrapped
from polyplive.gui.view.video_view import VideoView
from polyplive.types import SessionState

LONG = "'/dev/v4l/by-id/usb-Maker_of_cards_HDMI_to_USB_Gen_2_B218160705123456-video-index0' gives no more frames"
LOST = Banner("No signal", SessionState.RECONNECTING, ("last picture 12 s ago \u00b7 next try in 3 s", LONG), True)
OFF = Banner("Overlay off", SessionState.OVERLAY_OFF)
LATE = Banner("Overlay 1310 ms late, allowed 200", SessionState.STALE)
FAULT = Banner("No overlay: the model failed", SessionState.FAULT, ("next try in 2 s",))


@pytest.fixture
def view(qapp, qtbot) -> VideoView:
    made = VideoView("raster")
    qtbot.addWidget(made)
    made.resize(700, 500)
    return made


@pytest.mark.parametrize(("width", "height", "ratio"), [(800, 480, 1), (1280, 800, 1), (1920, 1080, 1), (960, 540, 2)])
@pytest.mark.parametrize("banner", [LOST, OFF, LATE, FAULT], ids=lambda banner: banner.title)
def test_every_letter_is_read_from_two_metres(qapp, banner: Banner, width: int, height: int, ratio: float) -> None:
    family = qapp.font().family()
    room = int(0.84 * 0.72 * width * ratio)  # beside the panel
    inside = room - 2 * round(0.8 * font_of(family, 1.0, height, ratio).pixelSize())
    rows = banners._rows(banner, inside, height, ratio, family)
    assert "\u2026" not in rows[0].text, "the title is whole"
    for row in rows:
        metrics = QFontMetricsF(row.font)
        assert metrics.capHeight() >= LEAST * height * ratio
        assert row.width <= inside + 1
        assert metrics.capHeight() <= 3 * LEAST * height * ratio, "and no larger than needed"
    made = banner_pixels(banner, room, height, ratio, family)
    assert made.shape[1] <= room + 1
    assert made.shape[0] <= (0.55 if banner.is_lost else 0.2) * height * ratio


def test_long_text_wraps_and_loses_its_middle(qapp) -> None:
    font = font_of(qapp.font().family(), 1.0, 800, 1.0)
    width = QFontMetricsF(font).horizontalAdvance("n" * 40)
    lines = wrapped(f"{LONG} {LONG} end", font, width, 3)
    assert len(lines) == 3
    assert lines[-1].endswith("end")
    assert "\u2026" in lines[-1]
    assert all(QFontMetricsF(font).horizontalAdvance(line) <= width + 1 for line in lines)
    assert wrapped("short", font, width, 3) == ["short"]


def test_a_lost_picture_is_dimmed_with_the_banner_in_its_middle(view: VideoView) -> None:
    view.show_scene(scene())
    before = seen(view)
    view.show_banner(LOST)
    lost = seen(view)
    rect = view.picture_rects()[0].toRect()
    edge = (slice(rect.top(), rect.top() + 40), slice(rect.left(), rect.right()))
    assert lost[edge].mean() == pytest.approx(before[edge].mean() / 4, rel=0.05)
    middle = lost[rect.center().y() - 60 : rect.center().y() + 60, rect.center().x() - 100 : rect.center().x() + 100]
    assert middle.max() > 230, "letters"
    assert view.accessibleDescription() == "No signal"
    view.show_banner(None)
    assert view.accessibleDescription() == ""
    assert (seen(view) == before).all()


def test_two_pictures_are_both_dimmed(view: VideoView) -> None:
    view.show_scene(scene(two=True))
    rects = [rect.toRect() for rect in view.picture_rects()]

    def rows() -> list[float]:
        shown = seen(view)
        return [shown[rect.top() + 5, rect.left() : rect.right()].mean() for rect in rects]

    before = rows()
    view.show_banner(LOST)
    assert all(after < 0.3 * light for after, light in zip(rows(), before, strict=True))


@pytest.mark.parametrize(
    ("polyp", "side"), [((0.3, 0.7, 0.1), 0), ((0.5, 0.1, 0.1), 1), ((0.75, 0.1, 0.3), -1)], ids=["low", "top", "right"]
)
def test_at_the_top_it_gives_way_to_findings_and_changes_no_other_pixel(
    view: VideoView, polyp: tuple[float, float, float], side: int
) -> None:
    plain = dataclasses.replace(EVERYTHING, visible=False, caption=False, status=False, figures=False)
    given = scene(640, 480)
    shown = dataclasses.replace(given, prediction=finding(640, 480, polyp), settings=plain)
    view.show_scene(shown)
    before = seen(view)
    view.show_banner(OFF)
    changed = (seen(view) != before).any(2)
    rows, columns = np.nonzero(changed)
    rect = view.picture_rects()[0]
    middle = (columns.min() + columns.max()) / 2 - rect.center().x()
    assert np.sign(round(middle / 20)) == side
    assert rows.max() < rect.top() + 0.2 * rect.height()
    x, y, width, height = shown.prediction.detections[0].bbox
    share = rect.width() / 640
    left, top = int(rect.left() + x * share), int(rect.top() + y * share)
    assert not changed[top : top + int(height * share), left : left + int(width * share)].any()


def test_it_stays_where_it_is_while_it_is_in_nobodys_way(view: VideoView) -> None:
    plain = dataclasses.replace(EVERYTHING, visible=False, caption=False, status=False, figures=False)
    view.show_banner(OFF)

    def place(*polyp: float) -> int:
        view.show_scene(dataclasses.replace(scene(640, 480), settings=plain))
        view.show_banner(None)
        before = seen(view)
        view.show_scene(dataclasses.replace(scene(640, 480), prediction=finding(640, 480, polyp), settings=plain))
        view.show_banner(OFF)
        return int(np.nonzero((seen(view) != before).any(2))[1].min())

    aside = place(0.5, 0.1, 0.1)
    assert place(0.5, 0.8, 0.1) == aside


def test_the_glow_is_a_bright_frame_and_leaves_the_middle_alone(view: VideoView) -> None:
    view.show_scene(scene())
    before = seen(view)
    view.show_glow(True)
    after = seen(view)
    rect = view.picture_rects()[0].toRect()
    for row, column in ((rect.top() + 2, rect.center().x()), (rect.center().y(), rect.right() - 2)):
        assert after[row, column].min() > 150
    inner = (slice(rect.top() + 20, rect.bottom() - 20), slice(rect.left() + 20, rect.right() - 20))
    assert (after[inner] == before[inner]).all()
    view.show_glow(False)
    assert (seen(view) == before).all()


def test_where_nothing_is_to_be_said_nothing_is_computed(view: VideoView, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("nothing is to be said")

    monkeypatch.setattr(Announcements, "patches", fail)
    shown = scene()
    assert view.contents.announcements(view, shown, None) == []
    view.show_scene(shown)
    assert seen(view).std() > 5


def test_a_banner_is_drawn_once_for_all_frames(view: VideoView) -> None:
    view.show_banner(LATE)
    view.show_scene(scene())
    seen(view)
    drawn = banner_pixels.cache_info().misses
    for number in range(3):
        view.show_scene(scene(number=number))
        seen(view)
    assert banner_pixels.cache_info().misses == drawn
