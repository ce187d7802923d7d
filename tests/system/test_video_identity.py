"""A video is the same file by its bytes, whatever its name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from polyplive.system.video_identity import identity_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("size", [0, 1, 70_000, (32 << 16) + 1, 9_000_000])
def test_a_moved_file_is_the_same_and_a_changed_one_is_not(tmp_path: Path, size: int) -> None:
    data = bytearray(os.urandom(size))
    first = tmp_path / "procedure.mp4"
    first.write_bytes(data)
    before = identity_of(first)
    moved = first.rename(tmp_path / "moved.mkv")
    assert (before.name, before.size) == ("procedure.mp4", size)
    assert identity_of(moved).is_same_video(before)
    for place in {0, size - 1} if size else ():
        changed = bytearray(data)
        changed[place] ^= 1
        moved.write_bytes(changed)
        assert not identity_of(moved).is_same_video(before)
    moved.write_bytes(data + b"\0")
    assert not identity_of(moved).is_same_video(before)
