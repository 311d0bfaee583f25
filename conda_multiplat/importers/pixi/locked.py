"""What ``pixi.lock`` has for the environments that a pixi manifest becomes, as our locks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from conda_multiplat.importers.values import Imported, Lost
from conda_multiplat.lockfile.model import LockChannel, LockFile, PlatformLock
from conda_multiplat.lockfile.read_pixi_lock import PixiLock, PixiTarget
from conda_multiplat.manifest.model import Manifest
from conda_multiplat.vocabulary.errors import Location
from conda_multiplat.vocabulary.names import unique


def lock_files(imported: Imported, lock: PixiLock, sources: Sequence[str]) -> list[LockFile]:
    """Return a lock for each environment that ``pixi.lock`` has on some platform.

    Args:
        imported: the converted pixi manifest.
        lock: the ``pixi.lock`` next to it.
        sources: the names of the manifests, for the locks.
    """
    locks = []
    for environment in imported.manifest.environments:
        targets = _targets(imported, lock, environment)
        if targets:
            locks.append(_lock_file(imported.manifest, environment, targets, sources))
    return locks


def left_out(imported: Imported, lock: PixiLock, file: str) -> tuple[list[Lost], list[str]]:
    """Return packages that can't be converted, and notes on targets that are not locked."""
    named_targets = [
        (f"{environment}/{subdir}", lock.get(key)) for (environment, subdir), key in _keys(imported)
    ]
    reasons = unique(reason for _, target in named_targets if target for reason in target.lost)
    hint = "the next `conda multiplat lock` chooses it, if the manifest requests it"
    missing = [name for name, target in named_targets if target is None]
    notes = [f"{file} has nothing for {', '.join(missing)}"] if missing else []
    return [Lost(Location(file), reason, hint) for reason in reasons], notes


def _keys(imported: Imported) -> Iterable[tuple[tuple[str, str], tuple[str, str]]]:
    for environment in imported.manifest.environments:
        for subdir in imported.manifest.platforms_of(environment):
            if key := imported.locked_as.get((environment, subdir)):
                yield (environment, subdir), key


def _targets(imported: Imported, lock: PixiLock, environment: str) -> dict[str, PixiTarget]:
    """Return the locked packages of an environment, by subdir."""
    return {
        subdir: lock[key]
        for (name, subdir), key in _keys(imported)
        if name == environment and key in lock
    }


def _lock_file(
    manifest: Manifest,
    environment: str,
    targets: Mapping[str, PixiTarget],
    sources: Sequence[str],
) -> LockFile:
    channels: dict[str, LockChannel] = {}
    platforms: dict[str, PlatformLock] = {}
    for subdir, target in targets.items():
        view = manifest.view(environment, subdir)
        names = [channel.value for channel in view.channels]
        for url in target.channels:
            channels.setdefault(url, LockChannel(_as_named(url, names)))
        platforms[subdir] = target.locked(subdir, [line.text for line in view.pypi])
    return LockFile(environment, tuple(sources), tuple(channels.values()), platforms)


def _as_named(url: str, names: Iterable[str]) -> str:
    """Return a channel as the manifest names it: pixi.lock may have the URL instead."""
    bare = url.rstrip("/")
    same = (name for name in names if bare == name.rstrip("/") or bare.endswith(f"/{name}"))
    return next(same, bare)
