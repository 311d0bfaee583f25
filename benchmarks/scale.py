"""``scale``: 8 environments on 6 platforms against one environment on 6."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Command, interleaved
from benchmarks.report import Row, at_most
from benchmarks.workspace import ML, PLATFORMS, SIXTH, Workspace, console_script, manifest

TIME = 4
MEMORY = 1.5
#: Environments add to the default; each of these has another solution.
_EXTRAS = (
    "numpy <2",
    "jupyterlab <4.2",
    "numpy <1.26",
    "seaborn",
    "dask",
    "pytest",
    "networkx <3.3",
)
_MADE_UP_EXTRAS = tuple(f"pure{number}" for number in range(0, 70, 10))


def rows(space: Workspace) -> Iterator[Row]:
    """Time and peak memory."""
    commands = {"48": _command(space, 7), "6": _command(space, 0)}
    found = interleaved(commands, space.times(5))
    many, few = found["48"], found["6"]
    note = f"the sixth platform is {SIXTH[0]}'s metadata as {SIXTH[1]}; medians of {len(many.runs)}"
    work = "lock: 48 targets"
    yield at_most(work, many, few, TIME, "6 targets", note=note)
    ratio = many.memory / few.memory
    yield Row(
        f"{work}, peak memory",
        f"{many.memory:.0f} MB",
        f"{few.memory:.0f} MB 6 targets",
        f"{ratio:.2f} x",
        f"<= {MEMORY:g} x",
        ratio <= MEMORY,
    )


def _command(space: Workspace, extra: int) -> Command:
    label = f"scale-{extra}"
    platforms = (*PLATFORMS, SIXTH[1])
    text = manifest(space.channel(), platforms, ML, _environments(space, extra))
    folder = space.project(label, text)
    arguments = [*console_script(), "lock", "--update-all"]
    return Command(arguments, folder, space.standalone(label).environ(), lambda: _tidy(folder))


def _tidy(folder: Path) -> None:
    for lock in folder.glob("*conda-lock.yml"):
        lock.unlink()


def _environments(space: Workspace, count: int) -> str:
    if not count:
        return ""
    extras = _EXTRAS if space.slice else _MADE_UP_EXTRAS
    lines = [f'    env{n}: {{dependencies: ["{extra}"]}}' for n, extra in enumerate(extras[:count])]
    return "multiplat:\n  environments:\n" + "\n".join(lines) + "\n"
