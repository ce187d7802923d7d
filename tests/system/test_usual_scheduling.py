"""What an encoder does to the tests' process is taken back before the next test."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from clipmaker import write_clip

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's schedulers")


def test_an_encoder_that_takes_the_processor_for_itself(tmp_path: Path) -> None:
    write_clip(tmp_path / "a.mp4", frames=2, codec="libsvtav1", options={"preset": "12", "svtav1-params": "lp=1"})


def test_the_next_test_runs_as_usual() -> None:
    assert os.sched_getscheduler(0) == os.SCHED_OTHER
