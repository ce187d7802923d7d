"""A live window moved to another screen, in a process with two. (Qt's offscreen platform keeps the density.)"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

CHILD = """
import sys, threading, tempfile
from pathlib import Path
from PyQt6.QtTest import QTest
from live_rig import Rig
from polyplive.gui.app import make_application
from polyplive.gui.display import Display
from polyplive.gui.live_page import LivePage
from polyplive.sessions.live import LiveParts, LiveSession

application = make_application()
one, two = application.screens()
rig = Rig()

def make(on_news):
    rig.session = LiveSession(LiveParts(rig.open_source, rig.open_engine, with_screen=True), on_news)
    return rig.session

window = LivePage(make, Display(), Path(tempfile.mkdtemp()))
window.show()
window.start()

def stream(until):
    for _ in range(2000):
        if until():
            return
        rig.send()
        QTest.qWait(5)
    raise SystemExit("waited in vain")

stream(lambda: rig.session.summary().shown > 20)
assert window.screen().name() == "one"
window.move(two.geometry().topLeft())
stream(lambda: window.screen().name() == "two")
shown = rig.session.summary().shown
stream(lambda: rig.session.summary().shown > shown + 50)
rig.ending.set()
window.close()
assert window.survivors == ()
print("done")
"""


def test_video_goes_on_when_the_window_is_moved_to_another_screen(tmp_path: Path) -> None:
    screens = [
        {
            "name": name,
            "x": x,
            "y": 0,
            "width": 1600,
            "height": 1000,
            "logicalDpi": 96,
            "logicalBaseDpi": 96,
            "dpr": 1.0,
        }
        for name, x in (("one", 0), ("two", 1600))
    ]
    layout = tmp_path / "screens.json"
    layout.write_text(json.dumps({"screens": screens}))
    tests = str(Path(__file__).resolve().parents[1])
    paths = os.pathsep.join([tests, *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "QT_QPA_PLATFORM": f"offscreen:configfile={layout}", "PYTHONPATH": paths}
    done = subprocess.run(
        [sys.executable, "-c", CHILD], env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "done" in done.stdout
