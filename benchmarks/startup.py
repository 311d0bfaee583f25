"""``startup``: conda's own start-up with us installed and without."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from operator import sub
from pathlib import Path

from support.hosts import Host

from benchmarks.measure import Command, Samples, by_pass, interleaved
from benchmarks.report import Row
from benchmarks.workspace import Workspace

BOUND = 0.005
_LAUNCHER = str(Path(__file__).resolve().parent / "start_conda.py")
#: ``again`` is the same as ``with``: how far the two are apart is what the machine adds.
HIDDEN = {
    "with": "no_such_distribution-",
    "without": "conda_multiplat-",
    "again": "no_such_distribution-",
}


def rows(space: Workspace) -> Iterator[Row]:
    """A command that builds every parser, and one that does some work."""
    for arguments in (["--help"], ["info", "--base"]):
        host = space.embedded(f"startup-{arguments[0].strip('-')}")
        commands = {name: command(host, hidden, arguments) for name, hidden in HIDDEN.items()}
        found = interleaved(commands, space.times(31))
        yield difference(f"start-up: {' '.join(['conda', *arguments])}", found, BOUND)


def command(host: Host, hidden: str, arguments: Sequence[str]) -> Command:
    """One of conda's own commands, a distribution being hidden from it."""
    return Command([sys.executable, _LAUNCHER, hidden, *arguments], host.home, host.environ())


def difference(work: str, found: Mapping[str, Samples], bound: float) -> Row:
    """The median difference of a pass; no verdict where equal commands differ by more than it."""
    ours, other, again = found["with"], found["without"], found["again"]
    more = by_pass(sub, ours, other).seconds
    noise = abs(by_pass(sub, ours, again).seconds)
    told = noise <= bound
    return Row(
        work,
        f"{ours.seconds:.3f} s",
        f"{other.seconds:.3f} s without us",
        f"{1000 * more:+.1f} ms",
        f"<= {1000 * bound:g} ms",
        more <= bound if told else None,
        f"{'' if told else 'can not be told: '}"
        f"two equal commands differ by {1000 * noise:.1f} ms; {len(ours.runs)} runs of each; "
        f"fastest runs {1000 * (ours.fastest - other.fastest):+.1f} ms",
    )
