"""``startup``: conda's own start-up with us installed and without."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from support.hosts import Host

from benchmarks.measure import Command, Samples, interleaved
from benchmarks.report import Row
from benchmarks.workspace import Workspace

BOUND = 0.005
_LAUNCHER = str(Path(__file__).resolve().parent / "start_conda.py")
_HIDDEN = {"with": "no_such_distribution-", "without": "conda_multiplat-"}


def rows(space: Workspace) -> Iterator[Row]:
    """A command that builds every parser, and one that does some work."""
    for arguments in (["--help"], ["info", "--base"]):
        host = space.embedded(f"startup-{arguments[0].strip('-')}")
        commands = {
            name: _command(host, hidden, arguments) for name, hidden in _HIDDEN.items()
        }
        found = interleaved(commands, space.times(31))
        yield _row(" ".join(["conda", *arguments]), found["with"], found["without"])


def _command(host: Host, hidden: str, arguments: Sequence[str]) -> Command:
    return Command([sys.executable, _LAUNCHER, hidden, *arguments], host.home, host.environ())


def _row(work: str, ours: Samples, other: Samples) -> Row:
    """The difference of the medians; the note has the median of the pairs' differences."""
    pairs = zip(ours.runs, other.runs, strict=True)
    paired = statistics.median(one.seconds - two.seconds for one, two in pairs)
    difference = ours.seconds - other.seconds
    fastest = ours.fastest - other.fastest
    return Row(
        f"start-up: {work}", f"{ours.seconds:.3f} s", f"{other.seconds:.3f} s without us",
        f"{1000 * difference:+.1f} ms", f"<= {1000 * BOUND:g} ms", difference <= BOUND,
        f"median of {len(ours.runs)} pairs' differences {1000 * paired:+.1f} ms; "
        f"CPU time {1000 * (ours.cpu - other.cpu):+.1f} ms; fastest runs {1000 * fastest:+.1f} ms",
    )
