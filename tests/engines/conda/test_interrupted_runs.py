"""After a signal, at any time, rattler's coroutines clean up and end."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from conda_multiplat.engines.conda import access
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.file_locks import exclusive_lock, try_exclusive_lock
from conda_multiplat.machine.interrupts import Interrupted, held, interruptible

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no timers that send signals")

#: Seconds: a run that lost its end waits for all of access's patience.
_SOON, _PATIENCE = 15.0, 20.0


@pytest.fixture(autouse=True)
def _have_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a run that lost its end more time than a slow machine takes for one that didn't."""
    monkeypatch.setattr(access, "_PATIENCE", _PATIENCE)


@pytest.fixture(autouse=True)
def _close_loops() -> Iterator[None]:
    """Close the event loops, which stay open for rattler's threads; there are none here."""
    before = len(access._left)
    yield
    for loop in access._left[before:]:
        loop.close()
    del access._left[before:]


def _interrupted(
    work: Coroutine[Any, Any, None], after: float, timer: signal.Signals = signal.SIGVTALRM
) -> float:
    """Run with SIGINT after some seconds of work, or of SIGALRM's, of time; how long it took."""
    which = signal.ITIMER_REAL if timer == signal.SIGALRM else signal.ITIMER_VIRTUAL
    with interruptible() as received:

        def press(_: int, frame: FrameType | None) -> None:
            received(signal.SIGINT, frame)

        before = signal.signal(timer, press)
        signal.setitimer(which, after)
        began = time.monotonic()
        try:
            with pytest.raises(Interrupted, match="interrupted"):
                access.run(work, Settings("linux-64"))
            return time.monotonic() - began
        finally:
            signal.setitimer(which, 0)
            signal.signal(timer, before)


class _Work:
    """Coroutines that never end by themselves; ``open`` of them have not cleaned up."""

    open = 0

    def __init__(self, wait: float) -> None:
        self._wait = wait

    async def _one(self) -> None:
        self.open += 1
        try:
            while True:
                await asyncio.sleep(self._wait)
        finally:
            self.open -= 1

    async def all(self) -> None:
        await asyncio.gather(*(self._one() for _ in range(12)))


@pytest.mark.parametrize("wait", [0, pytest.param(0.001, marks=pytest.mark.slow)])
def test_at_any_instant(wait: float) -> None:
    """A signal inside the event loop's code does not lose a finished wait."""
    times = random.Random(7)
    for _ in range(30):
        work = _Work(wait)
        assert _interrupted(work.all(), 0.004 + times.random() * 0.008) < _SOON
        assert work.open == 0


def test_while_it_waits() -> None:
    """A waiting event loop is woken up."""
    work = _Work(60)
    assert _interrupted(work.all(), 0.05, signal.SIGALRM) < _SOON
    assert work.open == 0


def test_while_it_waits_for_a_lock(tmp_path: Path) -> None:
    """A wait for a lock that another process holds in the cache can be interrupted."""

    async def wait() -> None:
        async with exclusive_lock(tmp_path / "lock"):
            raise AssertionError

    with try_exclusive_lock(tmp_path / "lock", make=True):
        assert _interrupted(wait(), 0.05, signal.SIGALRM) < _SOON


@pytest.mark.filterwarnings("error")
def test_before_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal that arrives before the work has begun ends it."""

    class Loop(asyncio.SelectorEventLoop):
        def run_until_complete(self, future: Any) -> Any:
            signal.raise_signal(signal.SIGVTALRM)
            return super().run_until_complete(future)

    monkeypatch.setattr(asyncio, "new_event_loop", Loop)
    work = _Work(60)
    assert _interrupted(work.all(), 60) < _SOON
    assert work.open == 0


def test_in_work_that_must_not_be_left() -> None:
    """Protected work is finished first."""
    done = []

    async def write() -> None:
        with held():
            signal.raise_signal(signal.SIGALRM)
            done.append("all")
        await asyncio.sleep(60)
        done.append("too much")

    assert _interrupted(write(), 60, signal.SIGALRM) < _SOON
    assert done == ["all"]
