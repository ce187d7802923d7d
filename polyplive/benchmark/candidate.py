"""Which engines a benchmark lets run against one another, and how a user names them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from polyplive.backends.auto_model import find_model
from polyplive.backends.registry import AUTO, BACKENDS, find_backend
from polyplive.config import DEFAULT_MODEL, PRECISIONS, EngineOptions
from polyplive.errors import ConfigError
from polyplive.system.file_names import file_name


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is to run; ``name`` is how the user wrote it."""

    name: str
    model: str = DEFAULT_MODEL
    backend: str = AUTO
    options: EngineOptions = field(default_factory=EngineOptions)
    cam: bool = True

    @property
    def shown(self) -> str:
        """Its name for outputs: a model's file without its folders."""
        return ",".join(file_name(part) for part in self.name.split(","))


def parse_candidate(text: str, base: Candidate) -> Candidate:
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


def check_candidate(candidate: Candidate) -> None:
    """Raise ``ConfigError`` or ``ModelError`` for what can never run, before anything is measured."""
    find_model(candidate.model)
    if candidate.backend != AUTO:
        find_backend(candidate.backend).check_precision(candidate.options)
