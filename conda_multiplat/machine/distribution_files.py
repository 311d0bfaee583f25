"""The files of PyPI packages in a prefix, by their ``RECORD`` (PEP 376), and their removal.

uv removes every path in a ``RECORD``, even if another package has it too. This code keeps paths
that belong to a conda package or to a remaining PyPI package.
"""

from __future__ import annotations

import csv
import posixpath
import shutil
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from pathlib import Path


def recorded_files(distribution: Path, prefix: Path) -> tuple[str, ...]:
    """Return the paths in a ``.dist-info`` folder's ``RECORD`` that are inside the prefix."""
    folder = distribution.parent.relative_to(prefix).as_posix()
    try:
        with (distribution / "RECORD").open(encoding="utf-8", newline="") as file:
            paths = [row[0] for row in csv.reader(file) if row]
    except OSError:
        return ()
    inside = (_from_prefix(path, folder, prefix) for path in paths)
    return tuple(path for path in inside if path and not path.startswith(".."))


def _from_prefix(path: str, folder: str, prefix: Path) -> str:
    if Path(path).is_absolute():
        with suppress(ValueError):
            return Path(path).relative_to(prefix).as_posix()
        return ""
    return posixpath.normpath(posixpath.join(folder, path))


def remove_distributions(
    prefix: Path, gone: Iterable[Path], stays: Callable[[str], bool], others: Iterable[Path]
) -> None:
    """Remove PyPI packages, including remains of interrupted removals.

    Args:
        prefix: the environment.
        gone: their ``.dist-info`` folders.
        stays: returns whether a path belongs to another package.
        others: the ``.dist-info`` folders of those that stay.
    """
    gone = list(gone)
    if not gone:
        return
    shared = {path for other in others for path in recorded_files(other, prefix)}
    for distribution in gone:
        paths = recorded_files(distribution, prefix)
        removable = [path for path in paths if not stays(path) and path not in shared]
        inside = distribution.relative_to(prefix).as_posix() + "/"
        _remove_files(prefix, [path for path in removable if not path.startswith(inside)])
        # last: this folder is how the next run detects an interrupted removal
        shutil.rmtree(distribution)


def _remove_files(prefix: Path, paths: Collection[str]) -> None:
    folders: set[str] = set()
    for path in paths:
        with suppress(FileNotFoundError, NotADirectoryError):
            (prefix / path).unlink()
        folders.add(posixpath.dirname(path))
        if path.endswith(".py"):
            folders |= _remove_compiled(prefix, path)
    for folder in sorted(folders, key=len, reverse=True):
        _remove_empty(prefix, folder)


def _remove_compiled(prefix: Path, path: str) -> set[str]:
    """Remove the ``.pyc`` files of a removed module."""
    folder, name = posixpath.split(path)
    cache = posixpath.join(folder, "__pycache__")
    for compiled in (prefix / cache).glob(f"{name.removesuffix('.py')}.*.pyc"):
        compiled.unlink()
    return {cache} if (prefix / cache).is_dir() else set()


def _remove_empty(prefix: Path, folder: str) -> None:
    """Remove a folder and its parents as long as they are empty."""
    while folder and posixpath.basename(folder) != "site-packages":
        try:
            (prefix / folder).rmdir()
        except OSError:
            return
        folder = posixpath.dirname(folder)
