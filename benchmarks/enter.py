"""``run``: ``run -- true`` in an environment that is current, beside conda's own start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from support.packages import SUBDIR

from benchmarks import synthetic
from benchmarks.measure import Command, interleaved, run
from benchmarks.report import Row
from benchmarks.workspace import Workspace, console_script, manifest

#: Seconds of a processor that ``run`` may take beyond conda's start.
BOUND = 0.15
_COUNTS = (1, 120)


def rows(space: Workspace) -> Iterator[Row]:
    """An environment of one package, and one of many."""
    channel = synthetic.write_packages(space.folder / "packages-run", max(_COUNTS))
    for count in _COUNTS:
        yield from _rows(space, channel, count)


def _rows(space: Workspace, channel: Path, count: int) -> Iterator[Row]:
    specs = [f"real{number}" for number in range(count)]
    project = space.project(f"run-{count}", manifest(channel.as_uri(), [SUBDIR], specs))
    conda, alone = space.embedded(f"run-{count}"), space.standalone(f"run-alone-{count}")
    ours, door = ["run", "--", "true"], [*conda.command, "multiplat"]
    commands = {
        "conda": Command([*conda.command, "info", "--base"], project, conda.environ()),
        "plugin": Command([*door, *ours], project, conda.environ()),
        "alone": Command([*console_script(), *ours], project, alone.environ()),
    }
    for name in ("plugin", "alone"):
        run(commands[name])  # locks and installs
    found = interleaved(commands, space.times(21))
    cpu = {name: samples.cpu for name, samples in found.items()}
    more = cpu["plugin"] - cpu["conda"]
    yield Row(
        f"run -- true: {count} packages",
        f"{cpu['plugin']:.3f} s CPU",
        f"{cpu['conda']:.3f} s conda info --base",
        f"{more:+.3f} s",
        f"<= {BOUND:+g} s",
        more <= BOUND,
        f"without conda {cpu['alone']:.3f} s; plugin {found['plugin'].spread}",
    )
