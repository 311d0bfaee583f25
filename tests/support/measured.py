"""Coverage of pytest's processes and of forked commands: what each runs that is not known yet.

coverage's own way starts anew in each process and has it write files of SQLite, which takes five
times as long as a command. Here commands inherit a measurement that is under way, with what is
known so far, and as they end, add a line to a file of the process that forked them. ``python -m
support.measured FOLDER`` makes data for ``coverage combine`` of these files. Commands that are
interpreters of their own are not measured: what they test is startup, signals and timings.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

#: The folder for what is measured; nothing is where it is not set.
VARIABLE = "CONDA_MULTIPLAT_TEST_COVERAGE"
Arcs = dict[str, set[tuple[int, int]]]


class _New:
    """Stands where coverage puts its data, and keeps what is not known."""

    def __init__(self, known: Arcs) -> None:
        self.known = known
        self.found: dict[str, list[tuple[int, int]]] = {}

    def add_arcs(self, arcs: dict[str, Collection[tuple[int, int]]]) -> None:
        for name, pairs in arcs.items():
            if new := set(pairs) - self.known.get(name, set()):
                self.found[name] = sorted(new)

    def add_file_tracers(self, tracers: object) -> None:
        """There are none."""

    def set_context(self, context: str | None) -> None:
        """There is one."""


class Measurement:
    """The lines that a process and its forks run; it begins at once."""

    def __init__(self, folder: Path) -> None:
        from coverage import Coverage

        self._known: Arcs = {}
        self._path = folder / f"{os.getpid()}.jsonl"
        self._path.touch()
        self._read = 0
        self._coverage: Any = Coverage(
            None, branch=True, config_file=False, source_pkgs=["conda_multiplat"]
        )
        self._coverage.start()

    def write(self) -> None:
        """Add what is not known yet to the file: in one step, as others do at the same time."""
        new = _New(self._known)
        collector = self._coverage._collector
        collector.use_data(new, None)
        collector.flush_data()
        if new.found:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND)
            os.write(descriptor, f"{json.dumps(new.found)}\n".encode())
            os.close(descriptor)

    def learn(self) -> None:
        """Know what was added since the last time."""
        with self._path.open("rb") as lines:
            lines.seek(self._read)
            _add(self._known, lines)
            self._read = lines.tell()

    def write_at_end(self) -> None:
        """Have this process write as it ends, in whatever way."""
        process = os.getpid()

        def write() -> None:
            if os.getpid() == process:
                self.write()

        atexit.register(write)
        for name in ("_exit", "execv", "execve"):
            setattr(os, name, _after(write, getattr(os, name)))


def _after(write: Callable[[], None], end: Callable[..., Any]) -> Callable[..., Any]:
    def end_after(*arguments: Any) -> Any:
        write()
        return end(*arguments)

    return end_after


def begin() -> Measurement | None:
    """Measure from now on, if that is asked for."""
    folder = os.environ.get(VARIABLE)
    return Measurement(Path(folder)) if folder else None


def _add(known: Arcs, lines: Iterable[bytes]) -> None:
    for line in lines:
        for name, pairs in json.loads(line).items():
            known.setdefault(name, set()).update((a, b) for a, b in pairs)


def _main() -> None:
    from coverage import CoverageData

    folder = Path(sys.argv[1])
    arcs: Arcs = {}
    for path in folder.glob("*.jsonl"):
        with path.open("rb") as lines:
            _add(arcs, lines)
    data = CoverageData(str(folder / "data"), suffix="forked")
    data.add_arcs(arcs)
    data.close()


if __name__ == "__main__":
    _main()
