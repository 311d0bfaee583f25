"""Signals and threads: only the main thread receives signals, so only it can delay them."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from conda_multiplat.machine.interrupts import Interrupted, held, interruptible

pytestmark = pytest.mark.skipif(os.name == "nt", reason="no signal can be sent to oneself there")


def _signal() -> None:
    signal.raise_signal(signal.SIGTERM)


def _is_interrupted(work: Callable[[], None]) -> bool:
    try:
        with interruptible():
            work()
    except Interrupted:
        return True
    return False


@contextmanager
def _protected_thread() -> Iterator[list[BaseException]]:
    """Provide a thread that is in a protected block, and the exceptions that leave the block."""
    inside, leave = threading.Event(), threading.Event()
    raised: list[BaseException] = []

    def work() -> None:
        try:
            with held():
                inside.set()
                leave.wait()
        except BaseException as error:  # the test says which
            raised.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    inside.wait()
    try:
        yield raised
    finally:
        leave.set()
        thread.join()


def test_main_thread() -> None:
    """A signal waits for the end of a protected block, and of the blocks around it."""
    done = []

    def work() -> None:
        with held():
            with held():
                _signal()
                done.append("inner")
            done.append("outer")
        done.append("too much")

    assert _is_interrupted(work)
    assert done == ["inner", "outer"]


def test_signal_is_not_delayed_by_another_thread() -> None:
    """A block in another thread doesn't delay the signals of the main thread."""
    done = []

    def work() -> None:
        _signal()
        done.append("too much")

    with _protected_thread() as raised:
        assert _is_interrupted(work)
    assert (done, raised) == ([], [])


def test_signal_is_not_raised_in_another_thread() -> None:
    """A delayed signal is raised in the main thread, though another thread's block ends first."""
    done = []

    def work() -> None:
        with held():
            with _protected_thread() as raised:
                _signal()
            done.append(raised)
        done.append("too much")

    assert _is_interrupted(work)
    assert done == [[]]
