"""Print the table of changes on stderr."""

from __future__ import annotations

from collections.abc import Sequence

from conda_multiplat.lockfile.change_table import table
from conda_multiplat.lockfile.diff import Difference
from conda_multiplat.machine.console import Console

#: The number of rows on a terminal; a file gets all of them, since it is searched.
_MOST = 60


def say_changes(differences: Sequence[Difference], console: Console) -> None:
    """Print what changes; on a terminal fitted to its width, and cut off if long without ``-v``."""
    width = console.width
    most = None if console.verbose or width is None else _MOST
    for line in table(differences, width=width, most=most):
        console.say(line)
