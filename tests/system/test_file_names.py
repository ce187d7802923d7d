"""Paths are cut down to file names; what is no path stays."""

from __future__ import annotations

import pytest

from polyplive.system.file_names import file_name, without_folders


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("colon.mp4", "colon.mp4"),
        ("/clinic/Doe, Jane/colon.mp4", "colon.mp4"),
        ("C:\\clinic\\Doe Jane\\colon.mp4", "colon.mp4"),
        ("file:///clinic/Doe/colon.mp4", "colon.mp4"),
        ("clinic/Doe/", "Doe"),
        ("/", "/"),
        ("/dev/video0", "/dev/video0"),
        ("rtsp://tower/stream", "rtsp://tower/stream"),
        ("screen:0.0", "screen:0.0"),
    ],
)
def test_a_path_is_cut_down_to_its_file(name: str, shown: str) -> None:
    assert file_name(name) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("end of file", "end of file"),
        ("error: Cannot read '/clinic/Doe, Jane/a b.mp4' (no data)", "error: Cannot read 'a b.mp4' (no data)"),
        ("Cannot read 'C:\\clinic\\Doe\\a.mp4'", "Cannot read 'a.mp4'"),
        ("cannot open /clinic/Doe/a.mp4: no data", "cannot open a.mp4: no data"),
        ("'clinic/Doe/a.mp4' is empty, and so is '/clinic/b.mp4'", "'a.mp4' is empty, and so is 'b.mp4'"),
        ("Cannot read '/clinic/O'Neill/a.mp4' (no data)", "Cannot read 'a.mp4' (no data)"),
        ("Cannot read '/clinic/Doe\nJane/a.mp4' (no data)", "Cannot read 'a.mp4' (no data)"),
        ("'/dev/video0' is busy; 30 frames/s", "'/dev/video0' is busy; 30 frames/s"),
        ("nothing came from 'rtsp://tower/stream'", "nothing came from 'rtsp://tower/stream'"),
        ("it can't go on/off, isn't it", "it can't go on/off, isn't it"),
    ],
)
def test_sentences_keep_no_folders(text: str, shown: str) -> None:
    assert without_folders(text) == shown
