"""Work beside Qt's thread: the window goes on painting meanwhile, and errors come out where it was asked for."""

from __future__ import annotations

import threading

import pytest
from PyQt6.QtCore import QTimer
from window_driver import PATIENCE_MS

from polyplive.errors import DataError
from polyplive.gui.parts.beside import done_beside


def test_qts_thread_goes_on_until_the_work_is_done(nothing_left: None) -> None:
    ticked = threading.Event()
    QTimer.singleShot(0, ticked.set)

    def work() -> int:
        assert ticked.wait(PATIENCE_MS / 1000), "the work ends only once Qt's thread has done something else"
        return threading.get_ident()

    assert done_beside(work) != threading.get_ident()


def test_an_error_is_raised_where_it_was_asked_for(nothing_left: None) -> None:
    def work() -> None:
        raise DataError("It is broken", "Give another.")

    with pytest.raises(DataError, match="It is broken"):
        done_beside(work)
