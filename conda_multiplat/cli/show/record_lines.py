"""A lock as lines that git can compare: one for each package of each platform.

A line has everything that distinguishes a package, so that every change of a lock changes a line.
The lines are in the lock's order and don't depend on each other.
"""

from __future__ import annotations

from conda_multiplat.lockfile.model import LockFile, PlatformLock
from conda_multiplat.vocabulary.records import Record

#: The number of hexadecimal digits of a hash that are shown.
_DIGITS = 12


def lines(lock: LockFile, sha256: str) -> list[str]:
    """Return a head and a line for each record of a lock; ``sha256`` is the digest of its text."""
    head = [
        f"environment {lock.environment} of {', '.join(lock.sources)}",
        *([f"not merged: {lock.unmerged}"] if lock.unmerged else []),
        f"lock sha256:{sha256[:_DIGITS]}",
        *(f"channel {channel.url}" for channel in lock.channels),
    ]
    for subdir, locked in lock.platforms.items():
        head += [f"{subdir} {words}" for words in _platform(locked)]
    return [*head, "", *(_line(record, subdir) for record, subdir in lock.entries())]


def _platform(locked: PlatformLock) -> list[str]:
    return [
        *(f"asks for {spec}" for spec in locked.requested),
        *(f"is promised {package}" for package in locked.virtual_packages),
    ]


def _line(record: Record, subdir: str) -> str:
    kind, value = ("sha256", record.sha256) if record.sha256 else ("md5", record.md5)
    parts = [
        " ".join(filter(None, [record.name, record.version, record.build])),
        subdir,
        record.url.rpartition("/")[0] if value and "://" in record.url else record.url,
        f"{kind}:{value[:_DIGITS]}" if value else "no hash",
        record.category if record.category != "main" else "",
    ]
    return "  ".join(filter(None, parts))
