"""Lists of packages as tables."""

from __future__ import annotations

from collections.abc import Sequence

from conda_multiplat.lockfile.listing import Entry, Present
from conda_multiplat.vocabulary.records import Record

#: Before a package that a line of the manifest asks for.
ASKED = "*"
_HEADER = (" ", "Name", "Version", "Build", "Manager")


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """A line for each row, with no blanks at its end; all rows have as many words."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def locked(entries: Sequence[Entry]) -> list[str]:
    """The packages of a lock."""
    rows = [_row(entry.record, _where(entry), asked=entry.asked) for entry in entries]
    return columns([(*_HEADER, "Platforms"), *rows])


def installed(packages: Sequence[Present]) -> list[str]:
    """The packages of an environment, and what is not as locked."""
    rows = [_row(package.record, package.words(), asked=package.asked) for package in packages]
    return columns([(*_HEADER, "Not as locked"), *rows])


def _row(record: Record, last: str, *, asked: bool) -> tuple[str, ...]:
    mark = ASKED if asked else " "
    return (mark, record.name, record.version, record.build or "-", record.manager, last)


def _where(entry: Entry) -> str:
    return "all platforms" if entry.everywhere else ", ".join(entry.platforms)
