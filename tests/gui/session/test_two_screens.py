"""A live window moved to another screen, in a process with two. (Qt's offscreen platform keeps the density.)"""

from __future__ import annotations

import json
import os
from pathlib import Path

from processes import run_python

CHILD = """
import tempfile, time
from pathlib import Path
from PyQt6.QtTest import QTest
from live_rig import Rig
from processes import PATIENCE_S
from polyplive.gui.session import session_page
from polyplive.gui.app import make_application
from polyplive.gui.session.display import Display
from polyplive.gui.session.live_page import LivePage
from polyplive.sessions.live import LiveParts, LiveSession

session_page.CLOSE_TIMEOUT_S = PATIENCE_S  # that the machine is busy is no fault
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
    deadline_s = time.monotonic() + PATIENCE_S
    while not until():
        assert time.monotonic() < deadline_s, "waited in vain"
        rig.send()
        QTest.qWait(5)

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
    tests = str(Path(__file__).resolve().parents[2])
    paths = os.pathsep.join([tests, *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "QT_QPA_PLATFORM": f"offscreen:configfile={layout}", "PYTHONPATH": paths}
    assert "done" in run_python("-c", CHILD, env=environment, timeout=600).stdout
