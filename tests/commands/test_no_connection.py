"""Nothing phones home: commands run in a process whose every attempt to reach the network is recorded and refused."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import polyplive.export
import pytest
from clipmaker import write_clip
from network_guard.guard import NetworkGuard
from stream_servers import LISTS

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORT_DEMO = """
import sys
from pathlib import Path
import polyplive.commands.demo
polyplive.commands.demo.demo_clip = lambda: Path("clip.mp4")  # the shipped one takes a minute
if sys.argv[1] == "bench":  # whose figures nobody reads
    from polyplive.benchmark import modes, process_cost
    modes.WARM_UP, process_cost._PAIRS = 1, 2
from polyplive.cli import main
if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
"""


def run(guard: NetworkGuard, folder: Path, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """A command whose every attempt to reach the network is written down and refused."""
    program = folder / "short_demo.py"
    program.write_text(SHORT_DEMO)
    environment = guard.environment(refuse=True) | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, str(program), *arguments],
        env=environment, capture_output=True, text=True, check=False, cwd=folder,
    )  # fmt: skip


WAITS = """
import sys
from polyplive.backends.quiet_onnxruntime import import_onnxruntime
if sys.argv[1] == "ours":
    import_onnxruntime()
else:
    import onnxruntime
print("imported", flush=True)
sys.stdin.read()
"""


def start_waiting(name: str, guard: NetworkGuard) -> subprocess.Popen[str]:
    environment = guard.environment(refuse=True)
    environment.pop("ORT_DISABLE_TELEMETRY", None)  # which ours has set here, where a test before opened a model
    process = subprocess.Popen(
        [sys.executable, "-c", WAITS, name],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "imported\n"
    return process


@pytest.fixture(scope="module", autouse=True)
def onnx_runtimes(tmp_path_factory: pytest.TempPathFactory, guard_library: Path) -> Iterator[dict[str, NetworkGuard]]:
    """Two processes that have imported it, watched while the other tests run: until one reports takes 10 s and more."""
    folder = tmp_path_factory.mktemp("onnxruntime")
    guards = {name: NetworkGuard(guard_library, folder / name) for name in ("ours", "left alone")}
    running = [start_waiting(name, guard) for name, guard in guards.items()]
    yield guards
    for process in running:
        process.communicate()


@pytest.mark.parametrize(
    "arguments",
    [
        ["doctor"],
        ["demo", "--headless", "--output", "demo", "--backend", "openvino"],
        ["replay", "clip.mp4", "--headless", "--report", "report.html", "--events", "events.jsonl"],
        ["replay", "clip.mp4", "--headless", "--backend", "onnxruntime"],
        ["evaluate", "data", "--json", "figures.json"],
        ["bench", "--video", "clip.mp4", "--frames", "10", "--runs", "1", "--no-heatmap"],
        ["devices", "--json"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_no_connection_is_tried(arguments: list[str], tmp_path: Path, network_guard: NetworkGuard) -> None:
    from polyplive.export.data.rendered import write_dataset

    write_clip(tmp_path / "clip.mp4", frames=5)
    write_dataset(tmp_path / "data", count=2, seeds=[1], size=(160, 128))
    done = run(network_guard, tmp_path, arguments)
    assert network_guard.attempts == []
    assert done.returncode in (0, 1 if arguments[0] == "devices" else 0), done.stderr


def test_training_and_export_try_no_connection(tmp_path: Path, network_guard: NetworkGuard) -> None:
    from polyplive.export.data.rendered import write_dataset

    write_dataset(tmp_path / "data" / "train", count=4, seeds=[1], size=(96, 96), with_polyp=1.0)
    recipe = tmp_path / "small.toml"
    recipe.write_text(
        'architecture = "unet"\nsize = 64\nbatch = 2\nepochs = 1\nvalidation = ""\nvalidation_share = 0.25\n'
        "[options]\nbase = 4\nlevels = 3\n"
        '[[sources]]\nfolder = "train"\n'
    )
    for arguments in (
        ["train", "--recipe", "small.toml", "--data", "data", "--out", "run"],
        ["export", "run", "--name", "small", "--check", "data/train"],
    ):
        done = run(network_guard, tmp_path, arguments)
        assert network_guard.attempts == []
        assert done.returncode in (0, 1), done.stderr
        assert "Unexpected" not in done.stderr, done.stderr


@pytest.mark.parametrize("name", ["list.m3u8", "list.mpd", "list.ffconcat", "list.sdp", "list.mp4"])
@pytest.mark.parametrize("command", ["replay", "evaluate", "bench"])
def test_a_file_that_names_an_address_makes_no_connection(
    command: str, name: str, tmp_path: Path, network_guard: NetworkGuard
) -> None:
    kind = name.removesuffix(".mp4") if name != "list.mp4" else "list.m3u8"  # a list under the name of a video
    (tmp_path / name).write_bytes(
        LISTS[kind].replace(b"ADDRESS", b"http://192.0.2.1:80").replace(b"HOST", b"192.0.2.1")
    )
    arguments = {
        "replay": ["replay", name, "--headless"],
        "evaluate": ["evaluate", name, "--polyp-frames", "0-1"],
        "bench": ["bench", "--video", name, "--frames", "10", "--runs", "1"],
    }[command]
    done = run(network_guard, tmp_path, arguments)
    assert network_guard.attempts == []
    assert done.returncode in (1, 2), done.stderr
    assert "Traceback" not in done.stderr


def test_the_guard_notices_what_ffmpeg_does(network_guard: NetworkGuard) -> None:
    code = "import av\nfor url in ('http://192.0.2.1:9/', 'rtsp://nosuch.invalid/'):\n"
    code += "    try: av.open(url)\n    except OSError: pass"
    subprocess.run([sys.executable, "-c", code], env=network_guard.environment(refuse=True), check=True)
    assert network_guard.attempts == [("connect", "192.0.2.1", 9), ("getaddrinfo", "nosuch.invalid", 0)]


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_a_runtime_that_reports_is_imported_in_one_place(runtime: str) -> None:
    packages = [Path(polyplive.__file__).parent, Path(polyplive.export.__file__).parent]
    importing = {
        path.name
        for package in packages
        for path in package.rglob("*.py")
        if any(line.split()[:2] == ["import", runtime] for line in path.read_text(encoding="utf-8").splitlines())
    }
    assert importing == {f"quiet_{runtime}.py"}


def test_onnx_runtime_reports_nothing(onnx_runtimes: dict[str, NetworkGuard]) -> None:
    """Its packages report some time after they are imported; ours is imported before one that is left alone has."""
    for _ in range(600):
        if onnx_runtimes["left alone"].attempts:
            break
        threading.Event().wait(0.05)
    else:
        pytest.skip("this ONNX Runtime has no telemetry")
    assert onnx_runtimes["ours"].attempts == []
