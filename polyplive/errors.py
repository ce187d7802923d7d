"""All errors that polyplive raises.

    PolypliveError
    ├── ConfigError          (ValueError)         a setting, option or file of settings is wrong: exit code 2
    ├── ImageError           (ValueError)         an array that was given as a picture is none
    ├── WrongThread          (RuntimeError)       something was used in another thread than the one it belongs to
    ├── MissingDependency    (ImportError)        an optional package is not installed
    ├── SourceError
    │   ├── SourceNotFound   (FileNotFoundError)  there is no such file or device
    │   ├── SourceUnreadable (OSError)            it exists, but holds no video that can be decoded
    │   ├── SourceRefused    (OSError)            it cannot be used as it was asked for, however long one waits
    │   └── SourceLost       (ConnectionError)    it was open, and gives no more frames: a cable, a sender
    ├── ModelError
    │   ├── ModelNotFound    (FileNotFoundError)  no model of that name or path
    │   └── ManifestError    (ValueError)         the manifest is missing, damaged or does not fit its graph
    ├── EngineError
    │   ├── BackendUnavailable                    the runtime is not installed or has no device here
    │   ├── EngineClosed     (ValueError)         used after close()
    │   ├── EngineCacheError (OSError)            a compiled engine cannot be kept on disk
    │   ├── EngineLost                            the process that runs an engine is of no more use: open another
    │   │   ├── EngineCrashed                     it ended by itself, or could not be started
    │   │   ├── EngineHung   (TimeoutError)       it did not answer in time
    │   │   └── EngineGrew   (MemoryError)        it holds too much memory
    │   └── InferenceError   (RuntimeError)       the runtime failed while building or running
    │       ├── BuildError                        it could not compile the graph
    │       ├── NotFinite                         its answer holds NaN or infinity
    │       └── DeviceLost                        the GPU is gone, or its context of no more use
    ├── SinkError            (OSError)            a recording or an events file cannot be written
    ├── DataError            (ValueError)         a folder of images and masks is not what it should be
    ├── TrainingError        (RuntimeError)       a training run cannot start, resume or go on
    └── ExportError          (RuntimeError)
        └── VerificationError                     the exported graph differs from PyTorch: the figures are given

Each says in one line what happened and, as ``hint``, what to do next. The command line prints both and nothing else. A
class also inherits from the builtin exception with the same meaning, if there is one. So a caller can catch that.

A live session tries again after most errors. ``permanent`` marks those that trying again cannot mend: a wrong setting,
a package or a model that is not there, a source that refuses what is asked of it.
"""

from __future__ import annotations

from typing import ClassVar


def text_of(error: object, most: int | None = 200) -> str:
    """The text of another library's ``error``, for use in a message: one line without a full stop, never empty.

    For a system error it is the system's text without number and file name; for an error without text, its class.
    ``most`` is the number of characters after which it is cut, None for all.
    """
    text = str(getattr(error, "strerror", None) or error)
    return " ".join(text.split())[:most].rstrip(". ") or type(error).__name__


class PolypliveError(Exception):
    """The root: ``message`` says what happened, ``hint`` what to do next (may be empty).

    ``permanent`` is True where trying again cannot help before somebody has changed something.
    """

    permanent: ClassVar[bool] = False

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        message = self.message.rstrip(".")
        return " ".join(f"{message}. {self.hint}".split()) if self.hint else " ".join(message.split())


class ConfigError(PolypliveError, ValueError):
    """A setting is wrong; the message names it, the value received and the values allowed."""

    permanent: ClassVar[bool] = True


class ImageError(PolypliveError, ValueError):
    """An array that was given as a picture is none; the message says what was received and what is expected."""

    permanent: ClassVar[bool] = True


class WrongThread(PolypliveError, RuntimeError):
    """Something was used in another thread than the one that it belongs to."""

    permanent: ClassVar[bool] = True


class MissingDependency(PolypliveError, ImportError):
    """An optional package is not installed; the hint is the command that installs it."""

    permanent: ClassVar[bool] = True


class SourceError(PolypliveError):
    """Anything wrong with where frames come from."""


class SourceNotFound(SourceError, FileNotFoundError):
    """There is no such file or device."""


class SourceUnreadable(SourceError, OSError):
    """The file or device exists, but no frame can be decoded from it."""


class SourceRefused(SourceError, OSError):
    """A source cannot be used as it was asked for: no such screen, no permission, a stream that leads elsewhere."""

    permanent: ClassVar[bool] = True


class SourceLost(SourceError, ConnectionError):
    """A live source gave frames and gives no more; it may come back."""


class ModelError(PolypliveError):
    """Anything wrong with a model's files."""

    permanent: ClassVar[bool] = True


class ModelNotFound(ModelError, FileNotFoundError):
    """No shipped model has that name and no file that can be read has that path."""


class ManifestError(ModelError, ValueError):
    """The manifest beside the graph is missing, damaged, or describes another graph."""


class EngineError(PolypliveError):
    """Anything wrong with running a model."""


class BackendUnavailable(EngineError):
    """The runtime is not installed, or finds no device on this machine."""

    permanent: ClassVar[bool] = True


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


class EngineLost(EngineError):
    """The process that runs an engine is of no more use, and was ended: another engine has to be opened."""


class EngineCrashed(EngineLost):
    """The engine's process ended by itself or could not be started; the message names the signal or exit code."""


class EngineHung(EngineLost, TimeoutError):
    """The engine's process did not answer in time."""


class EngineGrew(EngineLost, MemoryError):
    """The engine's process holds far more memory than when it was warm."""


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
