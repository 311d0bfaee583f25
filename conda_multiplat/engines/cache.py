r"""Our cache, the folder ``multiplat`` in conda's package caches, and its removal.

==============  ========================================  =========================================
folder          content                                   lock that is held while it is used
==============  ========================================  =========================================
``repodata``    the channels' repodata, in rattler's      each file, or the ``.lock`` beside it
                layout
``packages``    extracted packages, in rattler's layout   ``.cache.lock``: held by us during
                                                          downloads, by rattler while it installs
``stubs``       empty wheels that represent conda's       ``.lock``: held while uv resolves
                packages when uv resolves
``.download-``  leftovers of interrupted downloads        none: they are removed after a day
==============  ========================================  =========================================

A folder is renamed before it is emptied: no run ever uses a partly removed package, even if the
removal is interrupted.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from conda_multiplat.engines.pypi import wheel_stubs
from conda_multiplat.machine.file_locks import try_exclusive_lock

REPODATA, PACKAGES = "repodata", "packages"
KINDS = (REPODATA, PACKAGES)
FOLDER = "multiplat"
#: Reasons why something is not removed.
IN_USE, READ_ONLY = "in use", "read-only"
_DOWNLOAD = ".download-"
_REMOVING = ".removing-"
#: The lock that an installation holds: shared in our processes, exclusive in rattler.
CACHE_LOCK = ".cache.lock"
#: Seconds.
_DAY = 24 * 3600
#: Bytes; what ``st_blocks`` counts in.
_SECTOR = 512


@dataclass
class Tally:
    """The content of a folder.

    Attributes:
        files: the number of files.
        freed: the size in bytes that removal frees.
        linked: the size in bytes of files that environments keep, by hard links.
        left: why some or all of it is not removed; ``""`` if everything is.
        errors: what could not be removed, and why.
    """

    files: int = 0
    freed: int = 0
    linked: int = 0
    left: str = ""
    errors: list[str] = field(default_factory=list)


def clean(pkgs_dirs: Iterable[Path], kinds: Sequence[str], *, dry_run: bool) -> dict[Path, Tally]:
    """Remove our caches in some package caches; return folder -> its content.

    Args:
        pkgs_dirs: conda's package caches; nothing of conda's own in them is touched.
        kinds: some of :data:`KINDS`.
        dry_run: whether to only look.
    """
    tallies: dict[Path, Tally] = {}
    for folder in dict.fromkeys(folder / FOLDER for folder in pkgs_dirs):
        if folder.is_dir() and not os.access(folder, os.W_OK):
            tallies[folder] = Tally(left=READ_ONLY)
            continue
        if REPODATA in kinds:
            tallies[folder / REPODATA] = _repodata(folder / REPODATA, dry_run=dry_run)
        if PACKAGES in kinds:
            packages, stubs = folder / PACKAGES, folder / wheel_stubs.FOLDER
            tallies[packages] = _guarded(packages, CACHE_LOCK, dry_run=dry_run)
            tallies[stubs] = _guarded(stubs, wheel_stubs.LOCK, dry_run=dry_run)
            tallies[folder / f"{_DOWNLOAD}*"] = _downloads(folder, dry_run=dry_run)
    return {
        path: tally for path, tally in tallies.items() if tally.files or tally.left or tally.errors
    }


def _repodata(folder: Path, *, dry_run: bool) -> Tally:
    """Count and remove files, but no folders: another run may have just made one to write into."""
    tally = Tally()
    for path in sorted(_files([folder])):
        with try_exclusive_lock(_lock_of(path)) as free:
            if not free:
                tally.left = IN_USE
                continue
            _count([path], tally)
            if not dry_run:
                _remove(path, tally)
    return tally


def _lock_of(path: Path) -> Path:
    """Return the lock of a repodata file: ``89fe3094.lock`` for ``89fe3094.info.json``."""
    lock = path.with_name(f"{path.name.partition('.')[0]}.lock")
    return lock if lock.exists() else path


def _guarded(folder: Path, lock: str, *, dry_run: bool) -> Tally:
    """Count and remove a folder's content except its lock."""
    tally = Tally()
    if not folder.is_dir():
        return tally
    with try_exclusive_lock(folder / lock, make=True) as free:
        if not free:
            tally.left = IN_USE
            return tally
        todo = [entry for entry in _entries(folder, tally) if entry.name != lock]
        _count(_files(todo), tally)
        if not dry_run:
            for entry in todo:
                _remove(entry, tally)
    return tally


def _downloads(folder: Path, *, dry_run: bool) -> Tally:
    tally = Tally()
    before = time.time() - _DAY
    old = [
        entry
        for entry in _entries(folder, tally)
        if entry.name.startswith(_DOWNLOAD)
        and (status := _status(entry))
        and status.st_mtime < before
    ]
    _count(_files(old), tally)
    if not dry_run:
        for entry in old:
            _remove(entry, tally)
    return tally


def _entries(folder: Path, tally: Tally) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        tally.errors.append(f"{folder}: {error.strerror}")
        return []


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files that are some paths or below them; links are not followed."""
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            for folder, _, names in os.walk(path):
                yield from (Path(folder, name) for name in names)
        elif path.is_symlink() or path.exists():
            yield path


def _count(paths: Iterable[Path], tally: Tally) -> None:
    """Count files, and each inode's bytes once.

    Only the removal of a file's last name frees them: a file that has more names than are counted
    here is also in an environment.
    """
    inodes: dict[tuple[int, int], list[int]] = {}
    for path in paths:
        status = _status(path)
        if status is None:
            continue
        tally.files += 1
        size = getattr(status, "st_blocks", -(-status.st_size // _SECTOR)) * _SECTOR
        entry = inodes.setdefault((status.st_dev, status.st_ino), [size, status.st_nlink, 0])
        entry[2] += 1
    for size, names, counted in inodes.values():
        if counted < names:
            tally.linked += size
        else:
            tally.freed += size


def _status(path: Path) -> os.stat_result | None:
    """Return the status of a path; ``None`` if another process has just removed it."""
    try:
        return path.lstat()
    except FileNotFoundError:
        return None


def _remove(path: Path, tally: Tally) -> None:
    try:
        if path.is_dir() and not path.is_symlink():
            gone = path
            if not path.name.startswith(_REMOVING):
                gone = path.with_name(f"{_REMOVING}{os.getpid()}-{path.name}")
                path.rename(gone)
            import shutil  # late: an installation imports this module too

            shutil.rmtree(gone)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        tally.errors.append(f"{error.filename or path}: {error.strerror}")
