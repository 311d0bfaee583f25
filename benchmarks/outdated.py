"""``outdated``: what is newer of an ML environment on all platforms, beside a lock of it."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.measure import Command, interleaved, run
from benchmarks.report import Row, at_most
from benchmarks.workspace import Workspace, console_script, manifest

BOUND = 3


def rows(space: Workspace) -> Iterator[Row]:
    """One solve of all targets, and one look at the channels, whatever the number of packages."""
    project = space.project("outdated", manifest(space.channel()))
    environ = space.standalone("outdated").environ()
    lock = [*console_script(), "lock", "--update-all"]
    run(Command(lock, project, environ))
    commands = {
        "outdated": Command([*console_script(), "outdated"], project, environ),
        "lock": Command([*lock, "--dry-run"], project, environ),
    }
    found = interleaved(commands, space.times(9))
    note = f"medians of {len(found['lock'].runs)}"
    yield at_most("outdated", found["outdated"], found["lock"], BOUND, "a lock", note=note)
