"""Whether a lock still answers its manifest: by digests, nothing fetched, nothing solved."""

from __future__ import annotations

from conda_multiplat.lock import LockFile
from conda_multiplat.manifest import Manifest
from conda_multiplat.requests import DIGEST_RECIPE, digest
from conda_multiplat.targets import Target, targets


def in_sync(lock: LockFile, target: Target) -> bool:
    """Whether ``lock`` is as we wrote it, and for the request that ``target`` makes today."""
    locked = lock.platforms.get(target.subdir)
    return (
        locked is not None
        and lock.intact
        and lock.recipe == DIGEST_RECIPE
        and locked.content_hash == digest(target)
    )


def drift(manifest: Manifest, environment: str, lock: LockFile | None) -> list[str]:
    """In what a lock differs from what its manifest asks for, a line each; nothing if in sync."""
    wanted = targets(manifest, [environment])
    if lock is None:
        return ["there is no lock"]
    if not lock.intact:
        return ["its packages were edited after it was made"]
    known = {target.subdir for target in wanted}
    stale = [target.subdir for target in wanted if not in_sync(lock, target)]
    missing = [subdir for subdir in stale if subdir not in lock.platforms]
    changed = [subdir for subdir in stale if subdir in lock.platforms]
    extra = [subdir for subdir in lock.platforms if subdir not in known]
    lines = [("not locked", missing), ("the manifest has changed", changed)]
    lines.append(("locked, but the manifest does not name it", extra))
    return [f"{what}: {', '.join(subdirs)}" for what, subdirs in lines if subdirs]
