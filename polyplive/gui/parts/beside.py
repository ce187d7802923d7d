"""Work that takes a while, done beside Qt's thread, which waits for it and goes on painting."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

from PyQt6.QtCore import QEventLoop, QMetaObject, Qt

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")


def done_beside(work: Callable[[], Result]) -> Result:
    """What ``work`` returns, or raises, in a thread of its own. Qt's thread.

    Meanwhile the window is painted, a session that runs is shown, and keys and clicks wait.
    """
    loop = QEventLoop()
    results: list[Result] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            results.append(work())
        except Exception as error:
            errors.append(error)
        QMetaObject.invokeMethod(loop, "quit", Qt.ConnectionType.QueuedConnection)

    thread = threading.Thread(target=run, name="beside")
    thread.start()
    loop.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
    thread.join()
    if errors:
        raise errors[0]
    return results[0]
