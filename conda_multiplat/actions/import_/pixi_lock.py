"""The versions locked in ``pixi.lock``, next to an imported manifest."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from conda_multiplat.actions.import_.paths import joined
from conda_multiplat.importers.merge import BroughtLock, Part
from conda_multiplat.importers.pixi.locked import left_out, lock_files
from conda_multiplat.lockfile.model import LockFile, PlatformLock
from conda_multiplat.lockfile.read_pixi_lock import read_pixi_lock
from conda_multiplat.machine.files import read_lock_text, shown
from conda_multiplat.vocabulary.records import PypiRecord

NAME = "pixi.lock"


def with_locks(part: Part, folder: Path, target: Path) -> Part:
    """Add the locks from ``pixi.lock`` to the part of a pixi manifest, if there are any.

    Args:
        part: the manifest.
        folder: the folder of both files.
        target: the manifest that is to be written.

    Raises:
        LockFileError: ``pixi.lock`` can't be read.
    """
    path = folder / NAME
    if not path.is_file():
        return part
    file = shown(path)
    lock = read_pixi_lock(read_lock_text(path), file)
    locks = lock_files(part.imported, lock, [target.name])
    lost, notes = left_out(part.imported, lock, file)
    if locks:
        notes = [f"{file}: its versions are kept", *notes]
    brought = tuple(BroughtLock(moved_lock(lock, folder, target.parent), path) for lock in locks)
    return replace(part, imported=part.imported.adding(lost, notes), locks=brought)


def moved_lock(lock: LockFile, folder: Path, to: Path) -> LockFile:
    """Convert the relative paths of a lock read in ``folder`` to start from ``to``."""
    start = os.path.relpath(folder, to)
    if start == ".":
        return lock
    platforms = {
        subdir: _moved_platform(platform, start) for subdir, platform in lock.platforms.items()
    }
    return lock._replace(platforms=platforms)


def _moved_platform(locked: PlatformLock, start: str) -> PlatformLock:
    return locked._replace(pypi=tuple(_moved_record(record, start) for record in locked.pypi))


def _moved_record(record: PypiRecord, start: str) -> PypiRecord:
    if not record.url.startswith("."):
        return record
    path, sign, mark = record.url.partition("#")
    return record._replace(url=f"{joined(start, path)}{sign}{mark}")
