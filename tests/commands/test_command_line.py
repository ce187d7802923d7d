"""Every command as a user types it: exit codes, one-line errors, nothing sent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import av
import pytest

from polyplive.cli import cli, main

COMMANDS = sorted(cli.commands)


def run(*arguments: str, environment: dict[str, str] | None = None, cwd: Path | None = None) -> tuple[int, str, str]:
    """A fresh process, as from a shell, without a display."""
    clean = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    done = subprocess.run(
        [sys.executable, "-m", "polyplive", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**clean, **(environment or {})},
        cwd=cwd,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert f"Example: polyplive {command}" in capsys.readouterr().out


def test_version_says_research_use_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert "Research use only" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (["no-such-command"], 2, "no-such-command"),
        (["nowhere.mp4", "--headless"], 1, "nowhere.mp4"),
        (["n" * 300 + ".mp4", "--headless"], 2, "File name too long"),
        (["n" * 300], 2, "n" * 300),
        (["somewhere/else", "--headless"], 1, "There is no file 'somewhere/else'"),
        (["replay", "rtsp://me:secret@tower/x", "--headless"], 1, "The address of a stream is no file"),
        (["http://me:secret@tower:99999/x", "--headless"], 2, "***"),
        (["replay"], 2, "VIDEO"),
        (["replay", "nowhere.mp4", "--headless"], 1, "nowhere.mp4"),
        (["replay", "clip.mp4", "--headless", "--frames", "0"], 2, "--frames"),
        (["replay", "clip.mp4", "--headless", "--model", "nothing"], 1, "nothing"),
        (["replay", "clip.mp4", "--headless", "--backend", "abacus"], 2, "abacus"),
        (["replay", "clip.mp4", "--headless", "--threshold", "7"], 2, "7"),
        (["replay", "clip.mp4", "--headless", "--roi", "1,2,3"], 2, "1,2,3"),
        (["replay", "clip.mp4", "--headless", "--config", "nowhere.toml"], 2, "nowhere.toml"),
        (["replay", "clip.mp4", "--headless", "--record", "clip.mp4"], 2, "overwrite"),
        (["replay", "clip.mp4", "--headless", "--record", "overlay.txt"], 1, "overlay.txt"),
        (["replay", "text.mp4", "--headless"], 1, "text.mp4"),
        (["evaluate", "nowhere"], 1, "nowhere"),
        (["evaluate", ".", "--json", "out/../a.html", "--page", "a.html"], 2, "would overwrite the file of --json"),
        (["bench", "--json", "a.html", "--chart", "a.html"], 2, "would overwrite the file of --json"),
        (["export", "nowhere.pt"], 1, "nowhere.pt"),
        (["train", "--recipe", "nothing", "--data", ".", "--out", "run"], 2, "nothing"),
        (["train"], 2, "--data"),
    ],
)
def test_a_wrong_call_is_one_line_and_the_right_code(
    arguments: list[str],
    code: int,
    named: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from clipmaker import write_clip

    monkeypatch.chdir(tmp_path)
    write_clip(tmp_path / "clip.mp4", frames=3)
    (tmp_path / "text.mp4").write_text("this is no film")
    assert main(arguments) == code
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("polyplive: ")]
    assert len(lines) == 1
    assert named in lines[0]


def test_replay_without_a_display_says_what_to_add(tmp_path: Path) -> None:
    from clipmaker import write_clip

    write_clip(tmp_path / "clip.mp4", frames=3)
    code, _, errors = run("replay", str(tmp_path / "clip.mp4"))
    assert code == 2
    assert "--headless" in errors
    assert len(errors.strip().splitlines()) == 1


def test_headless_replay_writes_every_frame_twice_the_same(tmp_path: Path) -> None:
    demo = str(Path(__file__).resolve().parents[2] / "assets" / "demo.mp4")
    found = []
    for attempt in ("first", "second"):
        events = tmp_path / f"{attempt}.jsonl"
        outputs = ["--events", str(events), "--record", f"{attempt}.mp4"]
        code, output, errors = run(
            "replay", demo, "--headless", "--start", "5", "--frames", "24", *outputs, cwd=tmp_path
        )
        assert code == 0, errors
        assert "24 of 24 frames processed" in output
        lines = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
        assert [line["type"] for line in lines[:: len(lines) - 1]] == ["session", "end"]
        frames = [line for line in lines if line["type"] == "frame"]
        assert [line["index"] for line in frames] == list(range(125, 149))
        found.append([line["detections"] for line in frames])
    assert found[0] == found[1]
    assert sum(bool(detections) for detections in found[0]) > 10


def test_a_recorded_procedure_is_whole_in_video_and_events(tmp_path: Path, real_clip: Path) -> None:
    outputs = ("--events", "events.jsonl", "--record", "overlay.mp4")
    code, output, errors = run("replay", str(real_clip), "--headless", "--no-heatmap", *outputs, cwd=tmp_path)
    assert code == 0, errors
    assert "181 of 181 frames processed" in output
    lines = (tmp_path / "events.jsonl").read_text(encoding="utf-8").splitlines()
    assert sum('"type":"frame"' in line for line in lines) == 181
    with av.open(str(tmp_path / "overlay.mp4")) as video:
        assert sum(1 for _ in video.decode(video=0)) == 181


def test_evaluate_writes_the_figures_of_every_reading(tmp_path: Path) -> None:
    from polyplive.export.data.rendered import write_dataset

    write_dataset(tmp_path / "data", count=4, seeds=[11], size=(160, 128))
    code, output, errors = run("evaluate", str(tmp_path / "data"), "--json", str(tmp_path / "out" / "figures.json"))
    assert code == 0, errors
    assert "pictures" in output
    figures = json.loads((tmp_path / "out" / "figures.json").read_text(encoding="utf-8"))
    assert figures["n"] == 4
    for reading in ("per_image", "pooled", "two_class", "boundary"):
        assert figures[reading]


def test_without_torch_train_says_how_to_install_it_and_evaluate_works(tmp_path: Path) -> None:
    blocked = "import sys\nsys.modules['torch'] = None\nfrom polyplive.cli import main\nsys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", blocked, "evaluate", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "images/" in done.stderr  # it came as far as looking into the folder
    hidden = (
        "import sys, importlib.util as u\nreal = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'torch' else real(name, *rest)\n"
        "from polyplive.cli import main\nsys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", hidden, "train", "--data", "."], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "pip install" in done.stderr


@pytest.mark.parametrize("command", [["replay", "procedure.mp4"], ["live", "--min-frames", "1"]])
def test_a_confirm_probability_is_refused_where_findings_are_shown_at_once(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--headless", "--confirm-probability", "0.9"]) == 2
    assert "--confirm-probability does nothing" in capsys.readouterr().err


def test_doctor_says_what_works(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    output = capsys.readouterr().out
    for word in ("OpenVINO", "polyplive-fast", "model by default", "Research use only"):
        assert word in output


def test_doctor_names_the_whole_command_that_installs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What stands in brackets was taken for a colour, and left out."""
    monkeypatch.setitem(sys.modules, "torch", None)  # as where it is not installed
    assert main(["doctor"]) == 0
    assert "polyplive[train]" in capsys.readouterr().out


@pytest.mark.parametrize("option", ["--record", "--events", "--report"])
def test_neither_a_hard_link_to_the_input_nor_a_device_is_written_to(option: str, tmp_path: Path) -> None:
    from clipmaker import write_clip

    clip, link, pipe = tmp_path / "clip.mp4", tmp_path / "link.mp4", tmp_path / "pipe.mp4"
    write_clip(clip, frames=3)
    before = clip.read_bytes()
    link.hardlink_to(clip)
    os.mkfifo(pipe)
    for target in (link, pipe):
        assert main(["replay", str(clip), "--headless", option, str(target)]) == 2
    assert clip.read_bytes() == before
    assert pipe.is_fifo()


def test_figures_do_not_replace_a_picture(tmp_path: Path) -> None:
    picture = tmp_path / "1.png"
    picture.write_bytes(b"picture")
    assert main(["evaluate", str(tmp_path), "--json", str(picture)]) == 2
    assert picture.read_bytes() == b"picture"
