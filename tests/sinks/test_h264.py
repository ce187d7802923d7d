"""Which encoder is taken; NVIDIA's own can only be tried where there is one."""

from __future__ import annotations

import av
import pytest

from polyplive.sinks import h264


@pytest.fixture(autouse=True)
def asked_anew():
    h264.quickest.cache_clear()
    yield
    h264.quickest.cache_clear()


def test_an_encoder_that_cannot_be_opened_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(h264, "NVENC", h264.H264("h264_of_a_gpu_that_is_not_there", ()))
    assert h264.quickest(1920, 1080) is h264.QUICK


def test_an_encoder_that_works_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(h264, "NVENC", h264.EXACT)
    assert h264.quickest(1920, 1080) is h264.EXACT


def test_the_encoder_of_this_machine_encodes() -> None:
    context = av.CodecContext.create(h264.quickest(1920, 1080).name, "w")
    assert context.is_encoder


def test_the_size_decides_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """H.263 takes five sizes only, as NVIDIA's encoder takes none below a side that depends on the GPU."""
    monkeypatch.setattr(h264, "NVENC", h264.H264("h263", ()))
    assert h264.quickest(176, 144).name == "h263"
    assert h264.quickest(16, 16) is h264.QUICK
