"""Lists of packages as tables."""

from __future__ import annotations

from collections.abc import Sequence

from conda_multiplat.cli.show.columns import columns
from conda_multiplat.lockfile.listing import Entry, Present
from conda_multiplat.vocabulary.records import Record

#: Before a package that a line of the manifest asks for.
ASKED = "*"
_HEADER = (" ", "Name", "Version", "Build", "Manager")


def locked(found: Sequence[Entry]) -> list[str]:
    """The packages of a lock."""
    rows = [_row(each.record, _where(each), asked=each.asked) for each in found]
    return columns([(*_HEADER, "Platforms"), *rows])


def installed(found: Sequence[Present]) -> list[str]:
    """The packages of an environment, and what is not as locked."""
    rows = [_row(each.record, each.words(), asked=each.asked) for each in found]
    return columns([(*_HEADER, "Not as locked"), *rows])


def _row(record: Record, last: str, *, asked: bool) -> tuple[str, ...]:
    mark = ASKED if asked else " "
    return (mark, record.name, record.version, record.build or "-", record.manager, last)


def _where(entry: Entry) -> str:
    return "all platforms" if entry.everywhere else ", ".join(entry.platforms)
