"""Lists of packages as tables."""

from __future__ import annotations

from collections.abc import Sequence

from conda_multiplat.lockfile.listing import Entry, Present
from conda_multiplat.vocabulary.columns import headed
from conda_multiplat.vocabulary.records import Record
from conda_multiplat.vocabulary.styled import Line

#: The mark of packages that a line of the manifest asks for.
ASKED = "*"
_HEADER = (" ", "Name", "Version", "Build", "Manager")


def locked(entries: Sequence[Entry], width: int | None = None) -> list[Line]:
    """Return a table of a lock's packages, for a terminal ``width`` characters wide."""
    rows = [_row(entry.record, _where(entry), asked=entry.asked) for entry in entries]
    return headed([(*_HEADER, "Platforms"), *rows], width)


def installed(packages: Sequence[Present], width: int | None = None) -> list[Line]:
    """Return a table of an environment's packages, and how they differ from the lock."""
    rows = [_row(package.record, package.words(), asked=package.asked) for package in packages]
    return headed([(*_HEADER, "Not as locked"), *rows], width)


def _row(record: Record, last: str, *, asked: bool) -> tuple[str, ...]:
    mark = ASKED if asked else " "
    return (mark, record.name, record.version, record.build or "-", record.manager, last)


def _where(entry: Entry) -> str:
    return "all platforms" if entry.everywhere else ", ".join(entry.platforms)
