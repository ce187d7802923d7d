"""What ``import polyplive`` shows: its names, their texts and their types."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from processes import run_python

import polyplive

ROOT = Path(__file__).resolve().parents[1]


def test_importing_it_waits_for_no_library() -> None:
    code = (
        "import sys, polyplive\n"
        "assert {'open_model', 'compose', 'Frame'} <= set(dir(polyplive))\n"
        "assert not hasattr(polyplive, 'nosuch')\n"
        "heavy = {'numpy', 'cv2', 'av', 'openvino', 'msgspec', 'click'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)"
    )
    run_python("-c", code)


def test_every_public_name_is_there_and_has_a_type() -> None:
    tree = ast.parse(Path(polyplive.__file__).read_text(encoding="utf-8"))
    typed = {name.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for name in node.names}
    constants = {"__version__", "RESEARCH_NOTICE"}
    assert set(polyplive.__all__) == (typed - {"TYPE_CHECKING", "annotations"}) | constants
    names: dict[str, Any] = {}
    exec("from polyplive import *", names)
    for name in set(polyplive.__all__) - constants:
        assert names[name].__doc__, name


def test_pydoc_shows_every_public_name_with_its_text() -> None:
    text = run_python("-m", "pydoc", "polyplive", env={**os.environ, "PAGER": "cat", "COLUMNS": "120"}).stdout
    functions = text.partition("\nFUNCTIONS\n")[2].partition("\nDATA\n")[0]
    for name in ("compose", "live", "mask_of", "open_model", "open_video", "rethreshold"):
        assert re.search(rf"^    {name}\(.*\n        \S", functions, re.MULTILINE), name
    for name in ("Detection", "Frame", "Pipeline", "Prediction", "VideoWriter", "PolypliveError"):
        assert f"    class {name}(" in text
    assert polyplive.__doc__ is not None
    example = [line for line in polyplive.__doc__.splitlines() if line.startswith("    ")]
    assert example[0].strip() in text


TYPED = """
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import polyplive
from polyplive.errors import EngineLost


def mark(path: Path, image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    settings = polyplive.PipelineSettings(threshold=0.6, roi="none")
    options = polyplive.EngineOptions(precision="float32", threads=1)
    overlay = polyplive.OverlaySettings(heatmap=False, opacity=0.4)
    try:
        with (
            polyplive.open_model(
                "polyplive-fast", backend="auto", isolation=True, engine=options, pipeline=settings, notify=print
            ) as model,
            polyplive.open_video(path, deinterlace=True) as video,
            polyplive.VideoWriter(path.with_suffix(".mkv"), video.info.fps) as writer,
        ):
            for frame in video:
                prediction: polyplive.Prediction = model.process(frame, cam=overlay.needs_cam)
                for polyp in prediction.detections:
                    contour: NDArray[np.int32] = polyp.contour
                    x, y, width, height = polyp.bbox
                    print(polyp.track, polyp.score + 1, contour.shape, x + width, y + height, polyp.area_px)
                cam: NDArray[np.float32] | None = prediction.cam
                probability: NDArray[np.float32] = prediction.probability
                picture: NDArray[np.uint8] = polyplive.compose(frame, prediction, overlay)
                writer.write(picture, frame.pts_s)
                print(cam is None, probability.max(), prediction.roi.width)
            with polyplive.live((frame for frame in video), "polyplive-fast", overlay=overlay) as session:
                for view in session:
                    newest: polyplive.Frame = view.frame
                    result: polyplive.Prediction | None = view.prediction
                    print(newest.index, result is None, view.state is polyplive.SessionState.READY, view.figures.fps)
            model.reset()
            still = polyplive.rethreshold(model.process(image), 0.4)
        return polyplive.mask_of(image, still)
    except EngineLost as lost:
        raise SystemExit(lost.hint) from lost
    except polyplive.PolypliveError as error:
        raise SystemExit(error.message) from error
"""


def test_a_strict_type_checker_knows_the_whole_api(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.py", tmp_path / "bad.py"
    good.write_text(TYPED)
    bad.write_text(
        "import polyplive\n"
        "polyplive.nosuch()\n"
        "polyplive.open_model('polyplive-fast', backend=3)\n"
        "polyplive.open_model().process('picture.png')\n"
        "polyplive.live(['picture.png'])\n"
    )
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--follow-imports=silent",
        "--config-file=",
        "--no-error-summary",
    ]
    done = subprocess.run(
        [*command, "--cache-dir", str(ROOT / ".mypy_cache"), str(good), str(bad)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(ROOT)},
    )
    errors = re.findall(r"^(\w+\.py):(\d+): error: .*\[([\w-]+)\]$", done.stdout, re.MULTILINE)
    assert errors == [
        ("bad.py", "2", "attr-defined"),
        ("bad.py", "3", "arg-type"),
        ("bad.py", "4", "arg-type"),
        ("bad.py", "5", "list-item"),
    ], done
