"""Whole processes, timed side by side: A B A B after a warm-up, medians, and their ratio."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from resource import struct_rusage

#: ``ru_maxrss`` is in KiB, on macOS in bytes.
_RSS_UNIT = 1 if os.uname().sysname == "Darwin" else 1024


@dataclass(frozen=True)
class Command:
    """A process to time.

    Attributes:
        arguments: what to run.
        cwd: where.
        env: its whole environment.
        before: what to tidy up first, outside the time.
        crashes: it may crash in the instant of its end, its work done, as bare rattler does when
            one of its threads still holds the interpreter; such a run is thrown away.
    """

    arguments: Sequence[str]
    cwd: Path
    env: Mapping[str, str]
    before: Callable[[], None] = lambda: None
    crashes: bool = False


@dataclass(frozen=True)
class Run:
    """One process: wall time and CPU time in seconds, peak memory in bytes."""

    seconds: float
    cpu: float
    memory: int


@dataclass
class Samples:
    """All runs of one command."""

    runs: list[Run] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """The median time."""
        return statistics.median(measurement.seconds for measurement in self.runs)

    @property
    def fastest(self) -> float:
        """The fastest time, which a busy machine disturbs least."""
        return min(measurement.seconds for measurement in self.runs)

    @property
    def memory(self) -> float:
        """The median peak memory, children not added up, in MB."""
        return statistics.median(measurement.memory for measurement in self.runs) / 1e6

    @property
    def cpu(self) -> float:
        """The median CPU time, which a busy machine disturbs less than the wall time."""
        return statistics.median(measurement.cpu for measurement in self.runs)

    @property
    def spread(self) -> str:
        """The fastest and the slowest run, and the CPU time."""
        times = [measurement.seconds for measurement in self.runs]
        return f"{min(times):.3f}-{max(times):.3f} s, CPU {self.cpu:.3f} s"


def by_pass(of: Callable[..., float], *samples: Samples) -> Samples:
    """What ``of`` makes of the times of each pass; its median is the figure of a comparison.

    Whatever slows the machine for a while slows all processes of a pass, and not one median.
    """
    passes = zip(*(sample.runs for sample in samples), strict=True)
    return Samples(
        [Run(of(*(measurement.seconds for measurement in runs)), 0, 0) for runs in passes]
    )


class TooSlowError(Exception):
    """A command did not end within its limit."""


def run(command: Command, limit: float = 600) -> Run:
    """Run a command to its end.

    Raises:
        TooSlowError: it took longer than ``limit`` seconds and was stopped.
        RuntimeError: it failed.
    """
    command.before()
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            list(command.arguments),
            cwd=command.cwd,
            env=dict(command.env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        code, usage = _wait(process, start + limit)
        seconds = time.perf_counter() - start
        if code == -signal.SIGSEGV and command.crashes:
            return run(command, limit)
        if code:
            output.seek(0)
            text = output.read().decode(errors="replace")[-3000:]
            raise RuntimeError(f"exit code {code}: {' '.join(command.arguments)}\n{text}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * _RSS_UNIT)


def _wait(process: subprocess.Popen[bytes], deadline: float) -> tuple[int, struct_rusage]:
    """Wait for the process; an alarm stops it, and what it started, at the deadline."""

    def stop(_number: int, _frame: object) -> None:
        raise TooSlowError

    previous = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, max(deadline - time.perf_counter(), 0.001))
    try:
        _, status, usage = os.wait4(process.pid, 0)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)  # the session that we made for it
        process.wait()
        raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage


def interleaved(commands: Mapping[str, Command], runs: int) -> dict[str, Samples]:
    """Run each command once to warm up, then all of them in turn, ``runs`` times.

    The order turns round with each pass: nobody always runs after the same one.
    """
    found = {name: Samples() for name in commands}
    for command in commands.values():
        run(command)
    for number in range(runs):
        order = list(commands) if number % 2 == 0 else list(reversed(commands))
        for name in order:
            found[name].runs.append(run(commands[name]))
    return found
