"""Killing commands at any instant from which we can answer for."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from support.hosts import Host
from support.patience import PATIENCE, soon

#: What a command that was sent a signal ends with.
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -signal.SIGKILL}


def alive(session: int) -> list[str]:
    """The programs that still run in the session of a command that :func:`kill` has started."""
    programs = []
    for folder in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            name, _, rest = (folder / "stat").read_text(encoding="utf-8").rpartition(")")
            state, _, _, its_session, *_ = rest.split()
            if int(its_session) == session and state != "Z":
                programs.append(name.partition("(")[2])
    return programs


@dataclass(frozen=True)
class Ended:
    """A command that was sent a signal.

    Attributes:
        code: its exit code.
        took: seconds from the signal to its end.
        delay: seconds that it had worked before.
        stdout: what it printed.
        stderr: what it said.
        session: the number of its session.
    """

    code: int
    took: float
    delay: float
    stdout: str
    stderr: str
    session: int

    def require_quiet(self) -> None:
        """No traceback, whatever was going on."""
        assert "Traceback" not in self.stderr, self.stderr
        assert "panicked" not in self.stderr, self.stderr
        assert "internal error" not in self.stderr, self.stderr


def handled(process: int) -> bool:
    """Return whether a process handles SIGTERM: Python alone does not, our commands soon do."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return True
    caught = next((line for line in status.splitlines() if line.startswith("SigCgt")), "x 0")
    return bool(int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1)


def kill(
    host: Host, *arguments: str, cwd: Path, number: int, delay: float, env: Mapping[str, str] = {}
) -> Ended:
    """Start a command of ours, and send it a signal so long after it can answer one."""
    process = subprocess.Popen(
        [*host.command, *(("multiplat",) if host.is_conda else ()), *arguments],
        cwd=cwd,
        env={**host.environ(), **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )
    soon(lambda: handled(process.pid))
    time.sleep(delay)
    process.send_signal(number)
    sent = time.monotonic()
    try:
        stdout, stderr = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        stdout, stderr = process.communicate()
        stderr += "\n(it did not end)"
    took = time.monotonic() - sent
    return Ended(process.returncode, took, delay, stdout, stderr, process.pid)
