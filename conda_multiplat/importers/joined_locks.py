"""Join the locks of several sources into one for each environment."""

from __future__ import annotations

from collections.abc import Sequence

from conda_multiplat.lockfile.model import LockFile


def shared_platforms(locks: Sequence[LockFile]) -> list[str]:
    """Return the platforms that are in more than one lock."""
    subdirs = [subdir for lock in locks for subdir in lock.platforms]
    return sorted({subdir for subdir in subdirs if subdirs.count(subdir) > 1})


def joined(locks: Sequence[LockFile], environment: str, sources: Sequence[str]) -> LockFile:
    """Join locks of different platforms into one.

    If they disagree on the digests' recipe or the channel priority, it is left out.

    Args:
        locks: the locks, at least one; no two have a platform in common.
        environment: their environment.
        sources: the manifest's files, relative to the lock.
    """
    recipes = {lock.recipe for lock in locks}
    priorities = {lock.channel_priority for lock in locks}
    return LockFile(
        environment=environment,
        sources=tuple(sources),
        channels=tuple(dict.fromkeys(channel for lock in locks for channel in lock.channels)),
        platforms={s: locked for lock in locks for s, locked in sorted(lock.platforms.items())},
        channel_priority=priorities.pop() if len(priorities) == 1 else "",
        recipe=recipes.pop() if len(recipes) == 1 else 0,
    )
