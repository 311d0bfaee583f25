"""Ctrl-C and SIGTERM: both end a command in the same way, whenever they are received.

Before and after a command runs, there is nothing to clean up: the process prints one line and ends
(:func:`end_at_once`), without a traceback of whatever was being imported. While the command runs,
the signal is an exception in the main thread (:func:`interruptible`), so that the command cleans up
as after any other error. In a destructor or a callback, Python can't raise an exception to the
caller: such an exception is raised again a moment later. Code that must not be left at an arbitrary
instant is asked to stop instead (:func:`asked_to_stop`).
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

SIGINT = int(signal.SIGINT)
#: The signals that are handled, in words.
WORDS: dict[int, str] = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
#: The number of SIGPIPE, which Python ignores and Windows does not have.
_SIGPIPE = 13
#: For how long further signals can't end the cleanup, in seconds.
_PATIENCE = 2.0
#: When a lost exception is raised again, in seconds.
_AGAIN = 0.01


class Interrupted(KeyboardInterrupt):
    """A signal was received; ``number`` is its number."""

    def __init__(self, number: int) -> None:
        super().__init__(WORDS[number])
        self.number = number


def exit_code(number: int) -> int:
    """Return the exit code that shells use for a process ended by a signal."""
    return 128 + number


#: The exit code if nobody reads the output any more: that of a program that SIGPIPE has ended.
UNREAD = exit_code(_SIGPIPE)


def end_at_once() -> None:
    """Let both signals end the process with one line, while there is nothing to clean up."""
    for number in WORDS:
        if _is_ours(number):
            signal.signal(number, _end)


def _end(number: int, _: object) -> None:
    text = f"error: {WORDS[number]}\n"
    with suppress(OSError):
        if "--json" in sys.argv:
            os.write(1, _document(number).encode())
        else:
            os.write(2, text.encode())
    os._exit(exit_code(number))


def _document(number: int) -> str:
    """Return a failed command's ``--json`` document; importing ``json`` now would be unsafe."""
    text = WORDS[number]
    return (
        f'{{\n  "success": false,\n  "error": "{text}",\n  "kind": "InterruptedByUserError",\n'
        f'  "exit_code": {exit_code(number)},\n  "details": [],\n  "hints": [],\n'
        '  "problems": []\n}\n'
    )


def _is_ours(number: int) -> bool:
    """Return whether a signal is neither ignored (``nohup``) nor handled by our host program."""
    known = (signal.SIG_DFL, signal.default_int_handler, _end)
    return signal.getsignal(number) in known


class Received:
    """The signal received while a command ran; ``number`` is 0 until there is one."""

    number: int = 0
    since: float = 0.0
    waits: bool = False

    def __call__(self, number: int, frame: object) -> None:
        """Raise :class:`Interrupted` for the first signal; a later one may end the process."""
        if not self.number:
            self.number, self.since = number, time.monotonic()
            if _Held.stop:
                _Held.stop()
                return
            self.waits = _Held.depth > 0
            if not self.waits:
                raise Interrupted(number)
        elif time.monotonic() - self.since > _PATIENCE:
            _end(self.number, frame)

    @property
    def exit_code(self) -> int:
        """The exit code for a signal whose exception was lost; 0 if there was none."""
        return exit_code(self.number) if self.number else 0

    def reraise(self) -> None:
        """Raise a signal's exception again if another exception has replaced it."""
        if self.number:
            raise Interrupted(self.number)

    def raise_lost(self, *_: object) -> None:
        """Raise what was lost."""
        raise Interrupted(self.number)


class _Held:
    """The number of active :func:`held` blocks, the receiver of signals, and what to stop."""

    depth = 0
    received: Received | None = None
    stop: Callable[[], object] | None = None


def is_main_thread() -> bool:
    """Return whether this is the thread in which signals are handled."""
    import threading  # late: if there are threads, it was imported already

    return threading.current_thread() is threading.main_thread()


@contextmanager
def held() -> Iterator[None]:
    """Delay signals until some short work is done that must not be left half done.

    Nothing changes in a thread that is not the main one: no signal interrupts its work, so it must
    neither delay those of the main thread nor raise what they have left.
    """
    if not is_main_thread():
        yield
        return
    _Held.depth += 1
    try:
        yield
    finally:
        _Held.depth -= 1
    if _Held.received and _Held.received.waits and not _Held.depth:
        _Held.received.waits = False
        raise Interrupted(_Held.received.number)


@contextmanager
def asked_to_stop(stop: Callable[[], object]) -> Iterator[None]:
    """Call ``stop`` if a signal is received meanwhile, and raise :class:`Interrupted` at the end.

    Nothing changes in a thread that is not the main one.
    """
    if not is_main_thread():
        yield
        return
    received = _Held.received
    earlier = received.number if received else 0
    _Held.stop = stop
    try:
        yield
    finally:
        _Held.stop = None
        if received and received.number != earlier:
            raise Interrupted(received.number)


@contextmanager
def interruptible() -> Iterator[Received]:
    """Raise :class:`Interrupted` if a signal is received meanwhile.

    Nothing changes in a thread that is not the main one, where no signal can be handled.
    """
    received = _Held.received = Received()
    before: dict[int, Any] = {}
    hook = sys.unraisablehook
    with suppress(ValueError):  # not the main thread
        for number in WORDS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # ignored under nohup
                before[number] = signal.signal(number, received)
        if hasattr(signal, "SIGALRM"):
            before[signal.SIGALRM] = signal.signal(signal.SIGALRM, received.raise_lost)
            sys.unraisablehook = _not_lost(hook, received)
    try:
        yield received
    finally:
        if not received.number:  # after a signal, it stays until the process ends
            sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler)


def _not_lost(hook: Callable[[Any], Any], received: Received) -> Callable[[Any], Any]:
    """Return a hook for uncatchable exceptions: a signal's is raised again, and is not printed."""

    def raise_if_lost(lost: Any) -> None:
        if isinstance(lost.exc_value, Interrupted):
            signal.setitimer(signal.ITIMER_REAL, _AGAIN)
        elif not received.number:
            hook(lost)

    return raise_if_lost
