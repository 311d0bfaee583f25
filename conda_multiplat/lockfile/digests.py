"""Whether a lock still answers its manifest: by digests, nothing fetched, nothing solved."""

from __future__ import annotations

from conda_multiplat.lockfile.exclude_newer import as_locked, too_new
from conda_multiplat.lockfile.model import LockFile
from conda_multiplat.manifest.targets import Target
from conda_multiplat.solving.requests import RECIPES, digest

#: What to say of a lock whose digests can't be judged.
NEWER = "it was made by a newer conda-multiplat"


def in_sync(lock: LockFile, target: Target) -> bool:
    """Whether ``lock`` is as we wrote it, and for the request that ``target`` makes today.

    It is judged by the recipe that it was made with, whichever we write today. No package is newer
    than it may be.
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
    """Whether ``target``'s request is known to be another than the lock's.

    It is not known of the locks of other tools, nor of those of a newer conda-multiplat.
    """
    return lock.recipe in RECIPES and not in_sync(lock, target)


def is_newer(lock: LockFile) -> bool:
    """Whether a lock's digests are of a recipe that only a newer conda-multiplat knows."""
    return lock.recipe > max(RECIPES)
