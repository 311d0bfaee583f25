"""``hooks``: what our hooks add to a ``conda create`` of conda's own."""

from __future__ import annotations

from collections.abc import Iterator

from support.packages import Package, write_repodata

from benchmarks.measure import interleaved
from benchmarks.report import Row
from benchmarks.startup import HIDDEN, command, difference
from benchmarks.workspace import Workspace

BOUND = 0.03


def rows(space: Workspace) -> Iterator[Row]:
    """A solve and what is shown of it: every hook that conda 24.7 knows runs."""
    host = space.embedded("hooks")
    packages = [
        Package(f"package{n}", noarch="generic", depends=[f"package{n - 1}"] if n else [])
        for n in range(30)
    ]
    channel = write_repodata(space.folder / "hooks-channel", packages)
    arguments = ["create", "--dry-run", "--name", "robot", "--override-channels"]
    arguments += ["--channel", channel.as_uri(), "package29"]
    commands = {name: command(host, hidden, arguments) for name, hidden in HIDDEN.items()}
    found = interleaved(commands, space.times(21))
    yield difference("hooks: conda create --dry-run", found, BOUND)
