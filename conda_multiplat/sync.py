"""Whether a lock still answers its manifest: by digests, nothing fetched, nothing solved."""

from __future__ import annotations

from conda_multiplat.lock import LockFile
from conda_multiplat.requests import DIGEST_RECIPE, digest
from conda_multiplat.targets import Target


def in_sync(lock: LockFile, target: Target) -> bool:
    """Whether ``lock`` is as we wrote it, and for the request that ``target`` makes today."""
    locked = lock.platforms.get(target.subdir)
    return (
        locked is not None
        and lock.intact
        and lock.recipe == DIGEST_RECIPE
        and locked.content_hash == digest(target)
    )
