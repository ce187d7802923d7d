"""Every error that polyplive raises on purpose.

    PolypliveError
    ├── ConfigError          (ValueError)         a setting, option or file of settings is wrong: exit code 2
    ├── MissingDependency    (ImportError)        an optional package is not installed
    ├── SourceError
    │   ├── SourceNotFound   (FileNotFoundError)  there is no such file or device
    │   ├── SourceUnreadable (OSError)            it exists, but holds no video that can be decoded
    │   └── SourceLost       (ConnectionError)    it was open, and gives no more frames: a cable, a sender
    ├── ModelError
    │   ├── ModelNotFound    (FileNotFoundError)  no model of that name or path
    │   └── ManifestError    (ValueError)         the manifest is missing, damaged or does not fit its graph
    ├── EngineError
    │   ├── BackendUnavailable                    the runtime is not installed or has no device here
    │   ├── EngineClosed     (ValueError)         used after close()
    │   ├── EngineCacheError (OSError)            a compiled engine cannot be kept on disk
    │   └── InferenceError   (RuntimeError)       the runtime failed while building or running
    │       ├── BuildError                        it could not compile the graph
    │       ├── NotFinite                         its answer holds NaN or infinity
    │       └── DeviceLost                        the GPU is gone, or its context of no more use
    ├── SinkError            (OSError)            a recording or an events file cannot be written
    ├── DataError            (ValueError)         a folder of images and masks is not what it should be
    ├── TrainingError        (RuntimeError)       a training run cannot start, resume or go on
    └── ExportError          (RuntimeError)
        └── VerificationError                     the exported graph differs from PyTorch: the figures are given

Each says in one line what happened and, as ``hint``, what to do next. The command line prints both and nothing
else. Where a builtin exception means the same, the class is one too, so that a caller need not know polyplive.
"""

from __future__ import annotations


def said_by(error: object, most: int | None = 200) -> str:
    """What another library's ``error`` says, for a message of ours: one line without a full stop, never empty.

    A system's error gives its own words, without number and file name; one without words gives its class. ``most`` is
    the number of characters after which it is cut, None for all.
    """
    text = str(getattr(error, "strerror", None) or error)
    return " ".join(text.split())[:most].rstrip(". ") or type(error).__name__


class PolypliveError(Exception):
    """The root: ``message`` says what happened, ``hint`` what to do next (may be empty)."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        message = self.message.rstrip(".")
        return " ".join(f"{message}. {self.hint}".split()) if self.hint else " ".join(message.split())


class ConfigError(PolypliveError, ValueError):
    """A setting is wrong; the message names it, the value received and the values allowed."""


class MissingDependency(PolypliveError, ImportError):
    """An optional package is not installed; the hint is the command that installs it."""


class SourceError(PolypliveError):
    """Anything wrong with where frames come from."""


class SourceNotFound(SourceError, FileNotFoundError):
    """There is no such file or device."""


class SourceUnreadable(SourceError, OSError):
    """The file or device exists, but no frame can be decoded from it."""


class SourceLost(SourceError, ConnectionError):
    """A live source gave frames and gives no more; it may come back."""


class ModelError(PolypliveError):
    """Anything wrong with a model's files."""


class ModelNotFound(ModelError, FileNotFoundError):
    """No shipped model has that name and no file that can be read has that path."""


class ManifestError(ModelError, ValueError):
    """The manifest beside the graph is missing, damaged, or describes another graph."""


class EngineError(PolypliveError):
    """Anything wrong with running a model."""


class BackendUnavailable(EngineError):
    """The runtime is not installed, or finds no device on this machine."""


class EngineClosed(EngineError, ValueError):
    """The engine was used after ``close()``."""


class InferenceError(EngineError, RuntimeError):
    """The runtime failed while it built or ran the graph."""


class BuildError(InferenceError):
    """The runtime could not compile the graph; the message gives its own reason."""


class NotFinite(InferenceError):
    """An answer of the model holds NaN or infinity."""


class DeviceLost(InferenceError):
    """The GPU went away or its context broke: nothing that lives in it can be used again in this process."""


class EngineCacheError(EngineError, OSError):
    """The folder of compiled engines cannot be written."""


class SinkError(PolypliveError, OSError):
    """A recording, an events file or a report cannot be written (full disk, no permission, no such folder)."""


class DataError(PolypliveError, ValueError):
    """A folder of images and masks is not what it should be."""


class TrainingError(PolypliveError, RuntimeError):
    """A training run cannot start, resume or go on."""


class ExportError(PolypliveError, RuntimeError):
    """A checkpoint cannot be exported."""


class VerificationError(ExportError):
    """The exported graph and PyTorch disagree; nothing was written, and the message gives the figures."""
