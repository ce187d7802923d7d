"""How a user names what is to be compared."""

from __future__ import annotations

import pytest

from polyplive.benchmark.candidate import Candidate, check_candidate, parse_candidate
from polyplive.config import EngineOptions
from polyplive.errors import ConfigError, ModelNotFound

BASE = Candidate("as configured", options=EngineOptions(threads=2))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("openvino", {"backend": "openvino"}),
        ("mask", {"cam": False}),
        ("onnxruntime, mask", {"backend": "onnxruntime", "cam": False}),
        ("openvino,float32", {"backend": "openvino", "options": EngineOptions("float32", 2)}),
        ("polyplive-fast", {"model": "polyplive-fast"}),
        ("torch,cam", {"backend": "torch", "cam": True}),
    ],
)
def test_words_change_what_is_configured(text: str, wanted: dict) -> None:
    found = parse_candidate(text, BASE)
    assert found.name == text
    for name in ("model", "backend", "options", "cam"):
        assert getattr(found, name) == wanted.get(name, getattr(BASE, name))


@pytest.mark.parametrize("text", ["", "openvino,,mask", " "])
def test_an_empty_word_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="empty part"):
        parse_candidate(text, BASE)


@pytest.mark.parametrize(
    ("text", "kind"),
    [("openvino,float16", ConfigError), ("torch,bfloat16", ConfigError), ("no-such-model", ModelNotFound)],
)
def test_what_can_never_run_is_refused_before_anything_is_measured(text: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        check_candidate(parse_candidate(text, BASE))
