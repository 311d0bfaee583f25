"""The last line of commands that lock: the files, and the new packages in all locks together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from conda_multiplat.actions.lock.relock import Locked
from conda_multiplat.lockfile.model import LockFile
from conda_multiplat.lockfile.platform_changes import packages
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.files import shown
from conda_multiplat.vocabulary.byte_sizes import bracketed, download_size
from conda_multiplat.vocabulary.records import Record


def say_written(
    paths: Collection[Path],
    locked: Locked | None,
    console: Console,
    *,
    dry_run: bool,
    nothing: str = "nothing to write",
) -> list[str]:
    """Say which files were written, and the number and size of new packages in their locks.

    Args:
        paths: the files.
        locked: the result; ``None`` if nothing was locked.
        console: for the message; on a narrow terminal it takes two lines.
        dry_run: whether the files would only be written.
        nothing: the message if there are no files.

    Returns:
        The files, as shown to the user.
    """
    names = [shown(path) for path in paths]
    done = (
        f" {'would write' if dry_run else 'wrote'} {', '.join(names)}" if names else f" {nothing}"
    )
    summary = bracketed(what_is_new(locked, paths)) if locked else ""
    line = f"{done}{summary}{console.took}"
    if summary and len(line) > (console.width or len(line)):
        console.say(done)
        line = f"  {summary}{console.took}"
    console.say(line)
    return names


def what_is_new(locked: Locked, paths: Collection[Path]) -> str:
    """Return ``42 different packages, 3 new, download size 20.1 MB`` for the written locks.

    A package of several targets counts once. Returns ``""`` for a single target, whose number is
    in the table, and if there is nothing new.
    """
    every: dict[str, Record] = {}
    before: set[str] = set()
    targets = 0
    for plan, lock in zip(locked.plans, locked.locks, strict=True):
        if locked.project.lock_path(lock.environment) in paths:
            before |= dict(_packages(plan.old)).keys() if plan.old else set()
            every |= dict(_packages(lock))
            targets += len(lock.platforms)
    new = {key: record for key, record in every.items() if key not in before}
    if not new or (targets == 1 and len(new) == len(every)):
        return ""
    parts = [_different(every)] if targets > 1 else []
    parts += [f"{len(new)} new"] if len(new) < len(every) else []
    return ", ".join(filter(None, (*parts, download_size(record.size for record in new.values()))))


def _packages(lock: LockFile) -> Iterator[tuple[str, Record]]:
    """Yield the packages of a lock with their URLs."""
    for platform in lock.platforms.values():
        for record in platform.every:
            yield record.url, record


def _different(every: Mapping[str, Record]) -> str:
    pypi = sum(record.manager == "pypi" for record in every.values())
    return packages(len(every) - pypi, pypi, kind="different package")
