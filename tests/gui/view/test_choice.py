"""Which view is taken, without a display."""

from __future__ import annotations

import pytest

from polyplive.gui.view.choice import choose
from polyplive.gui.view.opengl.renderer import Renderer


@pytest.mark.parametrize(
    ("name", "is_software"),
    [
        ("llvmpipe (LLVM 15.0.6, 256 bits)", True),
        ("softpipe", True),
        ("GDI Generic", True),
        ("Microsoft Basic Render Driver", True),
        ("D3D12 (Microsoft Basic Render Driver)", True),
        ("Google SwiftShader", True),
        ("Apple Software Renderer", True),
        ("Mesa Intel(R) UHD Graphics 620 (KBL GT2)", False),
        ("AMD Radeon Graphics (radeonsi, renoir, LLVM 15.0.7, DRM 3.49)", False),
        ("NVIDIA GeForce RTX 3060/PCIe/SSE2", False),
        ("Apple M2", False),
        ("D3D12 (NVIDIA GeForce RTX 3060)", False),
    ],
)
def test_renderers_that_are_the_processor_are_known_by_their_names(name: str, is_software: bool) -> None:
    assert Renderer(name, (4, 6)).is_software == is_software


def test_where_a_platform_shows_no_opengl_raster_is_taken_and_only_a_wish_is_refused(qapp) -> None:
    assert not choose("raster").is_refused
    assert not choose("auto").is_opengl
    assert not choose("auto").is_refused
    refused = choose("opengl")
    assert refused.is_refused
    assert not refused.is_opengl
    assert refused.why == "Qt's platform 'offscreen' shows no OpenGL"
