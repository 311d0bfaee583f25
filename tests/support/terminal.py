"""A terminal to run a program in: a pseudo-terminal that is typed into and read from."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from support.patience import PATIENCE

CTRL_C = "\x03"
CTRL_Z = "\x1a"
#: The program's first step, which needs a process of its own: the terminal becomes the one that
#: controls it.
_FIRST = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    "os.execvp(sys.argv[1], sys.argv[1:])"
)
#: Seconds between looks whether the program still runs.
_LOOK = 0.05
_SEQUENCES = re.compile(
    r"\x1b(\[[0-9;?>]*[A-Za-z]|\][^\x07\x1b]*(\x07|\x1b\\)|[()=>][AB0]?)|[\r\x0f]"
)


class Terminal:
    """A program in a terminal of 24 lines and 80 columns."""

    def __init__(self, command: Sequence[str], *, env: Mapping[str, str], cwd: Path) -> None:
        self._master, slave = pty.openpty()
        self.resize(24, 80)
        self._process = subprocess.Popen(
            [sys.executable, "-c", _FIRST, *command],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={**env, "TERM": "dumb"},
            cwd=cwd,
        )
        os.close(slave)
        self._unread = ""
        self.shown = ""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        os.close(self._master)

    def resize(self, lines: int, columns: int) -> None:
        """Change the window's size; the kernel tells the foreground processes."""
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._master, text.encode())

    def enter(self, line: str) -> None:
        """Type a line."""
        self.type(f"{line}\r")

    def wait_for(self, text: str) -> str:
        """Read until ``text`` is shown; return what comes before it."""
        end = time.monotonic() + PATIENCE
        while text not in self._unread:
            if not self._read(end):
                raise AssertionError(f"{text!r} is not shown, but:\n{self.shown}")
        before, _, self._unread = self._unread.partition(text)
        return before

    def exit_code(self) -> int:
        """Wait for the program's end, and read what it has written; others may still write."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            ended = self._process.poll() is not None
            if not self._read(time.monotonic() + _LOOK) and ended:
                break
        return self._process.wait(timeout=_LOOK)

    def _read(self, end: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], max(0, end - time.monotonic()))
        if not ready:
            return False
        try:
            block = os.read(self._master, 65536)
        except OSError:  # so ends a terminal that no process has open any more
            return False
        text = _SEQUENCES.sub("", block.decode(errors="replace"))
        self._unread += text
        self.shown += text
        return bool(block)
