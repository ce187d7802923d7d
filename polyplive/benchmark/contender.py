"""Which engines a benchmark lets run against one another, and how a user names them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from polyplive.backends.choice import check_precision
from polyplive.backends.factory import BACKENDS
from polyplive.backends.options import PRECISIONS, EngineOptions
from polyplive.errors import ConfigError
from polyplive.manifest import DEFAULT_MODEL, find_model


@dataclass(frozen=True, slots=True)
class Contender:
    """What is to run; ``name`` is how the user wrote it."""

    name: str
    model: str = DEFAULT_MODEL
    backend: str = "auto"
    options: EngineOptions = field(default_factory=EngineOptions)
    cam: bool = True


def parse_contender(text: str, base: Contender) -> Contender:
    """``base`` with what ``text`` changes: words between commas, each a backend, a precision, ``mask`` (no heatmap),
    ``cam``, or a model.

    Raises ``ConfigError`` for a word that says nothing.
    """
    found = replace(base, name=text)
    for word in (part.strip() for part in text.split(",")):
        if not word:
            raise ConfigError(f"--compare '{text}' has an empty part", "Write it as openvino,float32,mask.")
        if word in ("mask", "cam"):
            found = replace(found, cam=word == "cam")
        elif word in PRECISIONS:
            found = replace(found, options=replace(found.options, precision=word))
        elif word in BACKENDS:
            found = replace(found, backend=word)
        else:
            found = replace(found, model=word)
    return found


def check_contender(contender: Contender) -> None:
    """Raise ``ConfigError`` or ``ModelError`` for what can never run, before anything is measured."""
    find_model(contender.model)
    if contender.backend != "auto":
        check_precision(contender.backend, contender.options)
