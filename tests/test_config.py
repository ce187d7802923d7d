"""Settings: defaults, file, command line, each checked once."""

from __future__ import annotations

from pathlib import Path

import pytest

from polyplive.config import LIVE_MIN_FRAMES, PipelineSettings, Settings, hide_heat, load_settings, withhold_findings
from polyplive.errors import ConfigError


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "polyplive.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_without_a_file() -> None:
    assert load_settings(None, {}) == Settings()


def test_the_command_line_overrides_the_file_and_the_file_the_defaults(tmp_path: Path) -> None:
    path = write(tmp_path, 'model = "mine"\n[pipeline]\nthreshold = 0.6\nmin_area = 0\n[overlay]\nheatmap = false\n')
    settings = load_settings(path, {"threshold": 0.7, "opacity": None})
    assert settings.model == "mine"
    assert settings.pipeline == PipelineSettings(threshold=0.7, min_area=0.0)
    assert settings.overlay.heatmap is False
    assert settings.overlay.opacity == Settings().overlay.opacity


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("treshold = 0.5", "treshold"),
        ("[pipeline]\nthreshold = 'high'", "threshold"),
        ("pipeline = 3", "pipeline"),
        ("[pipeline]\nthreshold = 1.5", "1.5"),
        ("[overlay]\nheatmap = 1", "heatmap"),
        ("[engine]\nprecision = 'float8'", "float8"),
        ("not toml", "TOML"),
        ("[overlay]\nopacity = 1.5", "opacity"),
        ("[overlay]\nopacity = nan", "opacity"),
        ("[pipeline]\nthreshold = " + "9" * 400, "threshold"),
        ("[pipeline]\nmin_frames = " + "9" * 400, "frames"),
        ("[pipeline]\nrelease_probability = 0", "release_probability"),
        ("[pipeline]\nrelease_probability = nan", "release_probability"),
        ("[engine]\nthreads = " + "9" * 400, "threads"),
        ("model = " + "9" * 4000, "model"),
        ("model = " + "[" * 5000 + "]" * 5000, "nested"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(write(tmp_path, text), {})
    assert named in str(caught.value)
    assert len(str(caught.value)) < 400
    assert "\n" not in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(("asked", "frames"), [(None, LIVE_MIN_FRAMES), (7, 7), (1, 1)])
def test_a_live_session_withholds_findings_unless_told_otherwise(asked: int | None, frames: int) -> None:
    settings = load_settings(None, {"min_frames": asked})
    assert settings.pipeline.min_frames == asked
    assert withhold_findings(settings).pipeline.min_frames == frames


@pytest.mark.parametrize(("asked", "shown"), [(None, False), (True, True), (False, False)])
def test_a_live_session_begins_without_heat_unless_told_otherwise(asked: bool | None, shown: bool) -> None:
    settings = load_settings(None, {"heatmap": asked})
    assert settings.overlay.needs_cam is (asked is not False), "elsewhere it is shown as usual"
    assert hide_heat(settings).overlay.needs_cam is shown


def test_a_file_can_say_that_nothing_is_withheld_live(tmp_path: Path) -> None:
    path = write(tmp_path, "[pipeline]\nmin_frames = 1\n")
    assert withhold_findings(load_settings(path, {})).pipeline.min_frames == 1


def test_an_opacity_that_is_no_number_is_refused_from_the_command_line_too() -> None:
    with pytest.raises(ConfigError, match="opacity"):
        load_settings(None, {"opacity": float("nan")})


def test_a_missing_file_is_named() -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml"):
        load_settings(Path("nowhere.toml"), {})


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not a file"):
        load_settings(tmp_path, {})


def test_a_file_that_an_editor_of_windows_saved_is_read(tmp_path: Path) -> None:
    """Such an editor writes a mark before the first letter, which nobody can see."""
    path = write(tmp_path, '\ufeffmodel = "mine"\n')
    assert load_settings(path, {}).model == "mine"
