"""A decoder's threads end with it: they wait for Python's lock, which it is freed under."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from processes import PATIENCE_S

if TYPE_CHECKING:
    from pathlib import Path

FRAMES = 40

# A place that takes long to be freed keeps a decoder's thread busy with Python while the decoder ends.
READER = """
import sys, threading, time
from pathlib import Path
import polyplive
from polyplive.sources.reading import decoder

class SlowlyFreed(int):
    def __del__(self):
        if threading.current_thread() is not threading.main_thread():
            time.sleep(0.1)

class Reader(decoder.PacketReader):
    @property
    def place(self):
        return SlowlyFreed(self.at)

    @place.setter
    def place(self, place):
        self.at = place

decoder.PacketReader = Reader
for frames in range(17, 24):
    video = polyplive.open_video(Path(sys.argv[1]))
    for _ in range(frames):
        video.read()
    if sys.argv[2] == "closed":
        video.close()
    if sys.argv[2] == "sought":
        video.seek(0)
        assert video.read().index == 0
        video.close()
    del video
print("ended")
"""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("threads") / "clip.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx-vp9", rate=25, options={"cpu-used": "8", "deadline": "realtime"})
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for number in range(FRAMES):
            picture = av.VideoFrame.from_ndarray(np.full((120, 160, 3), 6 * number, np.uint8), format="bgr24")
            picture.pts, picture.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("end", ["closed", "sought", "forgotten"])
def test_a_video_whose_decoder_is_at_work_ends(clip: Path, end: str) -> None:
    reader = subprocess.run(
        [sys.executable, "-c", READER, str(clip), end],
        capture_output=True,
        text=True,
        timeout=5 * PATIENCE_S,
        check=False,
    )
    assert reader.stdout == "ended\n", reader.stderr
