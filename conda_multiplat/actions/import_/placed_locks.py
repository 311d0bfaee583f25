"""Place imported locks so that the next ``lock`` starts from them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from conda_multiplat.actions.import_.pixi_lock import moved_lock
from conda_multiplat.importers.joined_locks import joined, shared_platforms
from conda_multiplat.importers.merge import BroughtLock, Part
from conda_multiplat.lockfile.model import LockFile
from conda_multiplat.lockfile.write import render
from conda_multiplat.machine.files import lock_path, shown
from conda_multiplat.vocabulary.errors import Location, ManifestError, Problem


class PlacedLocks(NamedTuple):
    """The locks to write beside a manifest: their texts, and notes about them."""

    texts: dict[Path, str]
    notes: list[str]


def placed_locks(parts: Sequence[Part], target: Path) -> PlacedLocks:
    """Return the locks of all parts, each environment's in its file.

    A single ``conda-lock.yml`` is kept unchanged if all of its platforms are imported; several for
    one environment become one.

    Args:
        parts: what is imported.
        target: the manifest to write.

    Raises:
        ManifestError: two are for one platform of one environment.
    """
    texts: dict[Path, str] = {}
    notes: list[str] = []
    problems: list[Problem] = []
    for environment, locks in _by_environment(parts).items():
        path = lock_path(target.parent, environment)
        if len(locks) == 1 and locks[0].text and locks[0].whole:
            if path.resolve() != locks[0].path.resolve():
                texts[path] = locks[0].text
            continue
        files = [shown(lock.path) for lock in locks]
        if subdirs := shared_platforms([lock.lock for lock in locks]):
            words = f"{files[0]} is for {', '.join(subdirs)} of {environment} too"
            problems.append(Problem(Location(files[-1]), words, "import only one of the two"))
        elif len(locks) > 1:
            notes.append(f"{', '.join(files)} become one lock: {shown(path)}")
        moved = [_as_seen_from(target.parent, lock) for lock in locks]
        texts[path] = render(joined(moved, environment, [target.name]))
    if problems:
        raise ManifestError("two locks are for the same platform", problems=problems)
    return PlacedLocks(texts, notes)


def _by_environment(parts: Sequence[Part]) -> dict[str, list[BroughtLock]]:
    locks: dict[str, list[BroughtLock]] = {}
    for part in parts:
        for lock in part.locks:
            environment = part.environment if lock.text else lock.lock.environment
            locks.setdefault(environment, []).append(lock)
    return locks


def _as_seen_from(folder: Path, brought: BroughtLock) -> LockFile:
    """Return a lock with paths relative to ``folder``; those of a pixi lock are already."""
    return moved_lock(brought.lock, brought.path.parent, folder) if brought.text else brought.lock
