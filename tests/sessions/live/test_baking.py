"""What the window lays over a frame is drawn in the engine's thread, at the size that the window told."""

from __future__ import annotations

import pytest
from drawing_threads import drawing_threads
from live_rig import HEIGHT, WIDTH, Rig

from polyplive.overlay import baked as baking
from polyplive.overlay.target import Target


def test_the_window_finds_the_overlay_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = drawing_threads(monkeypatch)
    target = Target((WIDTH, HEIGHT), 640, 480)
    with Rig({"with_screen": True}) as rig:
        rig.session.set_target(target)
        rig.stream_until(lambda: rig.session.view().prediction is not None)
        view = rig.show()
        assert baking.baked(target, view.prediction, rig.parts.overlay)
        assert set(threads) == {"polyplive-engine"}, "nothing was left for this one"


def test_for_frames_of_another_size_nothing_is_drawn_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = drawing_threads(monkeypatch)
    with Rig({"with_screen": True}) as rig:
        rig.session.set_target(Target((WIDTH + 2, HEIGHT), 640, 480))
        rig.stream_until(lambda: rig.session.view().prediction is not None)
        assert threads == []
