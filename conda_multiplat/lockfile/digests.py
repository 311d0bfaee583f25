"""Compare a lock with its manifest by digests; nothing is fetched or solved."""

from __future__ import annotations

from conda_multiplat.lockfile.exclude_newer import as_locked, too_new
from conda_multiplat.lockfile.model import LockFile
from conda_multiplat.manifest.targets import Target
from conda_multiplat.solving.requests import RECIPES, digest

#: The message about a lock whose digests can't be compared.
NEWER = "it was made by a newer conda-multiplat"


def in_sync(lock: LockFile, target: Target) -> bool:
    """Return whether ``lock`` is as we wrote it and was made for the current request of ``target``.

    The digest is computed by the lock's recipe, which may be older than the current one. No package
    may be newer than ``exclude-newer`` allows.
    """
    locked = lock.platforms.get(target.subdir)
    return (
        locked is not None
        and lock.intact
        and lock.recipe in RECIPES
        and locked.content_hash == digest(as_locked(target, locked.cooldown), lock.recipe)
        and not any(too_new(target, locked.cooldown))
    )


def has_changed(lock: LockFile, target: Target) -> bool:
    """Return whether the request of ``target`` certainly differs from the lock's.

    Locks of other tools or of a newer conda-multiplat don't tell.
    """
    return lock.recipe in RECIPES and not in_sync(lock, target)


def is_newer(lock: LockFile) -> bool:
    """Return whether a lock's digests have a recipe of a newer conda-multiplat."""
    return lock.recipe > max(RECIPES)
